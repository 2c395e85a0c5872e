#!/usr/bin/env bash
# Runs the unit tests and the default recipe on the tfx 1.21 stack in a Debian 13 root, on a host of any age.
#
#   scripts/test_debian13.sh [--worktree] [COMMAND]
#
#   COMMAND                 a shell command line to run there instead of the tests
#   --worktree              test the files as they are; otherwise HEAD, so only what is committed
#
#   RELATA_DEBIAN13_ROOT    folder of the root: made if missing, reused and kept (default: a temporary one, removed)
#   RELATA_DEBIAN13_MIRROR  Debian mirror (default: http://deb.debian.org/debian)
#
# Exit status: 0 passed, 77 cannot run here, anything else failed.
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
mirror=${RELATA_DEBIAN13_MIRROR:-http://deb.debian.org/debian}
packages="ca-certificates chromium fonts-liberation g++ gcc git make python3-dev python3-venv"

worktree=false
if [ "${1:-}" = --worktree ]; then
    worktree=true
    shift
fi

cannot_run() {
    echo "test-debian13: cannot run here: $1" >&2
    exit 77
}

[ "$(uname -sm)" = "Linux x86_64" ] || cannot_run "it needs Linux on x86_64"
[ "$(id -u)" = 0 ] || cannot_run "it needs root (for debootstrap and chroot)"
command -v debootstrap >/dev/null || cannot_run "debootstrap is missing (apt-get install debootstrap)"
command -v git >/dev/null || cannot_run "git is missing (apt-get install git)"
unshare --mount mount -t tmpfs none /mnt 2>/dev/null || cannot_run "mounting is not permitted"

root=${RELATA_DEBIAN13_ROOT:-}
if [ -z "$root" ]; then
    root=$(mktemp -d "${TMPDIR:-/tmp}/relata-debian13.XXXXXX")
    # Mounts are made in a private namespace and end with it (see in_root), so nothing of the host is below this.
    trap 'rm -rf --one-file-system "$root"' EXIT
fi
mkdir -p "$root"
chmod 755 "$root" # as any system's root: users other than root enter it too
root=$(cd "$root" && pwd)
exec 9>"$root/.lock"
flock 9 # two runs in one root take turns

# Settings by which this host reaches its package indices: environment variables, and the files that they or the
# tools' conventions name.
settings=()
for name in $(compgen -e); do
    case $name in
        PIP_* | UV_INDEX* | UV_DEFAULT_INDEX | SSL_CERT_* | *_CA_BUNDLE | [Hh][Tt][Tt][Pp]*_[Pp][Rr][Oo][Xx][Yy] | \
            [Nn][Oo]_[Pp][Rr][Oo][Xx][Yy] | RELATA_RECIPE | PYTEST_ADDOPTS | OPENBLAS_* | CI)
            settings+=("$name=${!name}") ;;
    esac
done

copy_settings() {
    local path
    for path in /etc/resolv.conf /etc/pip.conf /etc/xdg/pip /etc/uv ~/.config/pip ~/.config/uv \
        /etc/ssl/certs/ca-certificates.crt "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" "${REQUESTS_CA_BUNDLE:-}"; do
        [ -n "$path" ] && [ -e "$path" ] || continue
        local target=$root${path/#$HOME/\/root}
        mkdir -p "$(dirname "$target")"
        rm -rf "$target"
        cp -rL "$path" "$target"
    done
}

# Runs a command line in the root, with /proc and /dev that exist for that command only.
in_root() {
    # shellcheck disable=SC2016
    unshare --mount --propagation private bash -euc '
        root=$1; shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec chroot "$root" /usr/bin/env -i "$@"
    ' in_root "$root" HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ${settings[@]+"${settings[@]}"} bash -euc "$1"
}

if [ ! -e "$root/etc/relata-ready" ]; then
    echo "test-debian13: making a Debian 13 root in $root"
    [ -e "$root/etc/debian_version" ] ||
        unshare --mount debootstrap --variant=minbase trixie "$root" "$mirror" >"$root/debootstrap.out" 2>&1 ||
        { tail -20 "$root/debootstrap.out" >&2; exit 1; }
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    in_root "apt-get -qq update && apt-get -qq install -y --no-install-recommends $packages" >"$root/apt.out" 2>&1 ||
        { tail -20 "$root/apt.out" >&2; exit 1; }
    touch "$root/etc/relata-ready"
fi
copy_settings

# The environment of an earlier run stays (it is ignored by git), the sources are exactly HEAD.
clone=$root/srv/relata
if [ -d "$clone/.git" ]; then
    git -C "$clone" fetch -q "$project" HEAD
    git -C "$clone" checkout -q --force --detach FETCH_HEAD
    git -C "$clone" clean -qfd
else
    mkdir -p "$root/work"
    git clone -q --no-hardlinks "$project" "$clone"
fi
if $worktree; then
    git -C "$project" ls-files -z --cached --others --exclude-standard |
        (cd "$project" && xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\\0" "$f"; done' sh) |
        tar -C "$project" --null -T - -cf - | tar -C "$clone" -xf -
fi

in_clone() {
    in_root "cd /srv/relata; $1"
}

echo "test-debian13: $(git -C "$clone" log -1 --format='%h %s')$($worktree && echo ' + working tree')"
in_clone "ldd --version | head -1; python3 --version; make env-unit"
if [ $# -gt 0 ]; then
    in_clone "PATH=\$PWD/.venv/bin:\$PATH; $*"
    exit
fi
status=0
in_clone "make test-unit" || status=$?
in_clone "make run" || status=$?
[ "$status" = 0 ] && echo "test-debian13: passed" || echo "test-debian13: FAILED" >&2
exit "$status"
