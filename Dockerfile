# Stage 1 installs and compiles. On Node 22 and newer the SQLite driver carries its binary: no script of a package
# has to run, and no C++ compiler has to be there.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json tsconfig.client.json ./
COPY src ./src
# The driver that is for Node 20 stays behind.
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/better-sqlite3-v12 \
 && node -e "new (require('better-sqlite3'))(':memory:').close()"

# Stage 2 runs: no compiler, no sources, no development dependencies, no root.
FROM node:24-bookworm-slim
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
COPY docs/alerts.yml docs/errors.md docs/matrix.md docs/runbook.md docs/story.md ./docs/
COPY docs/grafana/daxplane.json ./docs/grafana/
# Made and given away before VOLUME: a new volume inherits the folder's owner.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.DAXPLANE_PORT + '/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/main.js"]
