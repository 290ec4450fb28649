#!/usr/bin/env bash
# Builds the image and runs it: not root, a root file system that can't be written, doctor, pages, SIGTERM.
#
#   tests/container.sh                with Docker or Podman, which fetch the base image
#   STAND_IN=1 tests/container.sh     as root on Debian, without an engine or an image: buildah, and a base that
#                                     debootstrap makes under the name of the real one. It shows that the
#                                     Dockerfile builds and what it builds runs; it is not the image to ship.
#
# BUILD_OPTIONS are given to the build, such as "--network host".
set -euo pipefail
cd "$(dirname "$0")/.."
IMAGE=localhost/brief:test
BASE=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' Dockerfile)
KEY=$(openssl rand -base64 32)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

# What runs inside, as sh -ec. arXiv is not asked: the doctor is sent to our own pages instead.
read -r -d '' INSIDE <<'SH' || true
echo "- user $(id -u)"; test "$(id -u)" = 10001
for folder in / /usr /opt/brief; do ! touch $folder/written 2>/dev/null; done
grep -q ' / [^ ]* ro[, ]' /proc/mounts; echo "- the root file system can't be written"
for tool in gcc cc make hatchling; do ! command -v $tool; done
for module in pip hatchling setuptools; do ! python -c "import $module" 2>/dev/null; done
echo "- no compiler, no installer"
brief version
brief serve --host 127.0.0.1 2>/tmp/log & server=$!
alive='from urllib.request import urlopen; print("-", urlopen("http://127.0.0.1:8000/health/live", timeout=4).read())'
for _ in $(seq 60); do python -c "$alive" >/dev/null 2>&1 && break; sleep 1; done
python -c "$alive"
BRIEF_ARXIV_URL=http://127.0.0.1:8000/ brief doctor
kill -TERM $server; code=0; wait $server || code=$?
echo "- SIGTERM ends it with $code"; test $code = 0 || test $code = 143
tail -n 1 /tmp/log
SH

say() { printf '\n== %s\n' "$*"; }

with_engine() {
    say "build with $1"
    # shellcheck disable=SC2086  # several options
    "$1" build ${BUILD_OPTIONS:-} --tag "$IMAGE" .
    say "run"
    "$1" run --rm --read-only --tmpfs /tmp --tmpfs /data:uid=10001,gid=10001,mode=0750 --cap-drop ALL \
        --security-opt no-new-privileges --env BRIEF_SECRET_KEY="$KEY" --entrypoint sh "$IMAGE" -ec "$INSIDE"
}

stand_in_base() {
    say "a stand-in for $BASE"
    debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
        bookworm "$SCRATCH/root" >"$SCRATCH/debootstrap.log"
    local base
    base=$(buildah from scratch)
    buildah add -q "$base" "$SCRATCH/root" / >/dev/null
    buildah commit -q "$base" "localhost/$BASE" >/dev/null
    buildah rm "$base" >/dev/null
}

without_engine() {
    export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
    buildah inspect --type image "localhost/$BASE" >/dev/null 2>&1 || stand_in_base
    say "build with buildah on the stand-in"
    # shellcheck disable=SC2086  # several options
    buildah bud --pull=never --isolation chroot --format docker ${BUILD_OPTIONS:-} --tag "$IMAGE" .
    local container root
    container=$(buildah from --pull=never "$IMAGE")
    root=$(buildah mount "$container")
    say "run, with a root file system that can't be written"
    local code=0
    # the mounts end with the namespace; env is what the image sets, which chroot alone does not
    unshare --mount --pid --fork sh -ec '
        mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"
        mount -t proc proc "$1/proc"; mount -t tmpfs tmpfs "$1/tmp"
        mount --rbind /dev "$1/dev"
        mount -t tmpfs -o uid=10001,gid=10001,mode=0750 tmpfs "$1/data"
        exec chroot --userspec=10001:10001 "$1" env -i PATH=/opt/brief/bin:/usr/bin:/bin HOME=/data \
            PYTHONDONTWRITEBYTECODE=1 BRIEF_DATA_DIR=/data BRIEF_SECRET_KEY="$2" sh -ec "cd /data; $3"
    ' sh "$root" "$KEY" "$INSIDE" || code=$?
    buildah rm "$container" >/dev/null
    say "what the image says of itself"
    buildah inspect --type image --format \
        '{{.Docker.Config.User}} {{.Docker.Config.StopSignal}} {{.Docker.Config.Healthcheck.Test}} {{.Docker.Config.Entrypoint}} {{.Docker.Config.Cmd}}' \
        "$IMAGE"
    return "$code"
}

if [ -n "${STAND_IN:-}" ]; then
    without_engine
elif engine=$(command -v docker || command -v podman); then
    with_engine "$engine"
else
    echo "no container engine here; as root on Debian: apt-get install buildah debootstrap, then STAND_IN=1 $0" >&2
    exit 2
fi
say "the container works"
