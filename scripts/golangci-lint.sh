#!/bin/sh
# Runs golangci-lint in the version below. Building it takes minutes, so the
# binary is kept in a cache folder, one per version of it and of Go.
#
# RINGCARD_CACHE   cache folder (default ${XDG_CACHE_HOME:-~/.cache}/ringcard)
set -eu

version=v2.15.0

cache=${RINGCARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ringcard}
dir=$cache/tools/golangci-lint-$version-$(go env GOVERSION)
if [ ! -x "$dir/golangci-lint" ]; then
	printf 'building golangci-lint %s (once, some minutes)\n' "$version" >&2
	mkdir -p "$dir"
	GOFLAGS= GOBIN=$dir go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
fi
exec "$dir/golangci-lint" "$@"
