/** The path that was asked, as it was sent, without its query. */
export function pathOf({ url }: { readonly url: string }): string {
  return url.split('?', 1)[0]!;
}
