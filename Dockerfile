# The steps of a fresh machine: build the page, build the binary with the page
# inside, run it without privileges. The image has no PostgreSQL: set
# RINGCARD_DATABASE_URL, as docker-compose.yml does.

FROM node:20-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/web/dist web/dist
RUN CGO_ENABLED=0 go build -trimpath -o /out/ringcard ./cmd/ringcard

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --home-dir /var/lib/ringcard ringcard
COPY --from=build /out/ringcard /usr/local/bin/ringcard
USER ringcard
WORKDIR /var/lib/ringcard
ENV RINGCARD_LISTEN=0.0.0.0:8080 RINGCARD_DATA_DIR=/var/lib/ringcard/data
VOLUME /var/lib/ringcard
EXPOSE 8080
ENTRYPOINT ["ringcard"]
CMD ["serve"]
