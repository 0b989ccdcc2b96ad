#!/bin/sh
# Installs real Asterisk releases for the tests, each as a Debian tree of its own
# in a cache folder outside the repository. A tree that is already there is reused.
#
# usage: install.sh VERSION...     VERSION is 22 (Debian forky) or 16 (Debian bullseye)
#
# RINGCARD_CACHE      cache folder (default ${XDG_CACHE_HOME:-~/.cache}/ringcard)
# RINGCARD_DEBIAN     Debian mirror (default: the one debootstrap knows)
#
# Needs root or sudo: debootstrap and chroot do not work without.
set -eu

say() { printf '%s\n' "$*"; }
die() { printf 'test/pbx/install.sh: %s\n' "$*" >&2; exit 1; }

[ $# -gt 0 ] || { printf 'usage: install.sh VERSION...   (22, 16)\n' >&2; exit 2; }

cache=${RINGCARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ringcard}
log=$cache/install-$$.log
stage=
trap 'status=$?; [ ! -e "$stage" ] || as_root rm -rf "$stage"; rm -f "$log"; exit $status' EXIT
trap 'exit 130' INT TERM

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo -n "$@"
	else
		die "needs root (or sudo without a password): debootstrap and chroot do not work without"
	fi
}

# need_package COMMAND PACKAGE installs PACKAGE by apt-get when COMMAND is missing.
need_package() {
	if command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; then
		return
	fi
	command -v apt-get >/dev/null 2>&1 ||
		die "$1 is missing and there is no apt-get to install it with"
	say "installing $2"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$2" >"$log" 2>&1 && return
	# The package index of a fresh machine is empty or old.
	as_root apt-get update >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get update failed"; }
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$2" >"$log" 2>&1 ||
		{ tail -n 20 "$log" >&2; die "apt-get install $2 failed"; }
}

# complete DIR PACKAGES tells whether DIR is a finished tree with these packages:
# the marker that names them is written last.
complete() { [ "$(cat "$1/.ringcard-complete" 2>/dev/null)" = "$2" ]; }

install_asterisk() {
	version=$1 suite=$2 packages=$3
	tree=$cache/asterisk-$version
	# Two runs at once would install twice: the second waits and finds the tree.
	exec 9>"$cache/asterisk-$version.lock"
	flock 9
	if complete "$tree" "$packages"; then
		say "asterisk $version: present in $tree"
	else
		[ ! -e "$tree" ] || as_root rm -rf "$tree"
		stage=$cache/.asterisk-$version.$$
		say "asterisk $version: installing Debian $suite (about a minute, 500 MB)"
		# minbase leaves out all that Asterisk does not pull in itself.
		as_root debootstrap --variant=minbase --include="$packages" \
			"$suite" "$stage" ${RINGCARD_DEBIAN:+"$RINGCARD_DEBIAN"} >"$log" 2>&1 ||
			{ tail -n 20 "$log" >&2; die "debootstrap of $suite failed"; }
		as_root rm -rf "$stage/var/cache/apt/archives" "$stage/var/lib/apt/lists"
		printf '%s\n' "$packages" | as_root tee "$stage/.ringcard-complete" >/dev/null
		as_root mv -T "$stage" "$tree"
		stage=
	fi
	# Without its own name in hosts Asterisk asks DNS while it makes an SDP and
	# each call stalls for seconds. Written every time: the name may have changed.
	printf '127.0.0.1 localhost\n127.0.0.1 %s\n' "$(hostname)" |
		as_root tee "$tree/etc/hosts" >/dev/null
	as_root chroot "$tree" /usr/sbin/asterisk -V
	exec 9>&-
}

as_root true
mkdir -p "$cache"
need_package debootstrap debootstrap
need_package sipp sip-tester

scripts=/usr/share/debootstrap/scripts
for version in "$@"; do
	case $version in
	22) suite=forky packages=asterisk ;;
	# Here voice mail is a package of its own.
	16) suite=bullseye packages=asterisk,asterisk-voicemail ;;
	*) die "no Debian release is known for Asterisk $version (known: 22, 16)" ;;
	esac
	# Older debootstraps do not know forky by name; the script of sid fits all.
	# A script can be named only together with a mirror, so it is linked instead.
	if [ ! -e "$scripts/$suite" ]; then
		as_root ln -s sid "$scripts/$suite"
	fi
	install_asterisk "$version" "$suite" "$packages"
done
