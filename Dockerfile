# Stage 1 compiles: the full image has the compiler that better-sqlite3 needs where no prebuilt binary fits.
FROM node:20-bookworm AS build
WORKDIR /app
# The image carries Node's headers: building the binding downloads nothing.
ENV npm_config_nodedir=/usr/local
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 && node -e "new (require('better-sqlite3'))(':memory:').close()"

# Stage 2 runs: no compiler, no sources, no development dependencies, no root.
FROM node:20-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    DAXPLANE_HOST=0.0.0.0 \
    DAXPLANE_PORT=8080 \
    DAXPLANE_DB=/data/daxplane.db
COPY package.json LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY migrations ./migrations
COPY openapi ./openapi
COPY demo ./demo
# Made and given away before VOLUME: a new volume inherits the folder's owner.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.DAXPLANE_PORT + '/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/main.js"]
