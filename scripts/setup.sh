#!/bin/sh
# Makes a Debian machine with Go and Node ready. What is there is left alone,
# so that a second run takes a moment.
#
# usage: setup.sh demo    what `make demo` needs: PostgreSQL 15 or later
#        setup.sh test    what `make test` needs besides: Redis, Chromium, sipp,
#                         a C compiler for the race detector, two real Asterisks
#        setup.sh tools   nothing: whether Go and Node are new enough
#
# Installs Debian packages by apt-get as root or by sudo; without either it
# names what is missing and ends.
set -eu

cd "$(dirname "$0")/.."

node_major=20 node_minor=19 # "engines" of web/package.json

say() { printf '%s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

check_go() {
	has go || die "Go is missing: install Go $(sed -n 's/^go //p' go.mod) or later"
	# An older Go that may not fetch a newer one cannot read go.mod.
	go list -m >/dev/null 2>&1 ||
		die "$(go version | cut -d' ' -f3) is too old: install Go $(sed -n 's/^go //p' go.mod) or later"
}

check_node() {
	has node && has npm || die "Node with npm is missing: install Node $node_major.$node_minor or later"
	node -e "
		const [major, minor] = process.versions.node.split('.').map(Number);
		process.exit(major > $node_major || major === $node_major && minor >= $node_minor ? 0 : 1)" ||
		die "Node $(node --version) is too old: install Node $node_major.$node_minor or later"
}

# Like internal/pgserver: Debian's binaries of version 15 or later, else those in
# the path.
has_postgres() {
	for dir in /usr/lib/postgresql/*/bin; do
		version=${dir%/bin}
		version=${version##*/}
		[ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ "$version" -ge 15 ] 2>/dev/null && return
	done
	has initdb && has postgres && [ "$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 15 ]
}

# The race detector links with the C library.
has_compiler() { has gcc && [ -e /usr/include/stdlib.h ]; }

# missing DEMO|TEST prints the Debian packages that have to be installed.
missing() {
	has_postgres || printf 'postgresql '
	[ "$1" = test ] || return 0
	has redis-server || printf 'redis-server '
	has chromium || printf 'chromium '
	has sipp || printf 'sip-tester '
	has debootstrap || [ -x /usr/sbin/debootstrap ] || printf 'debootstrap '
	has_compiler || printf 'gcc libc6-dev '
}

apt_install() {
	# shellcheck disable=SC2086 # a list of packages
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $1
}

install_packages() {
	packages=$(missing "$1")
	[ -n "$packages" ] || return 0
	has apt-get || die "this is no Debian machine; install what these packages hold, then again: $packages"
	[ "$(id -u)" -eq 0 ] || has sudo ||
		die "run as root or with sudo, or have these packages installed: apt-get install $packages"
	say "installing $packages"
	log=$(mktemp)
	# The package index of a fresh machine is empty or old.
	apt_install "$packages" >"$log" 2>&1 ||
		{ as_root apt-get update >"$log" 2>&1 && apt_install "$packages" >"$log" 2>&1; } ||
		{ tail -n 20 "$log" >&2; rm -f "$log"; die "apt-get could not install $packages"; }
	rm -f "$log"
	still=$(missing "$1")
	[ -z "$still" ] || die "still missing after apt-get: $still"
}

case ${1:-} in
tools)
	check_go
	check_node
	;;
demo)
	check_go
	check_node
	install_packages demo
	;;
test)
	check_go
	check_node
	install_packages test
	test/pbx/install.sh 22 16
	;;
*)
	printf 'usage: setup.sh demo | test | tools\n' >&2
	exit 2
	;;
esac
