#!/usr/bin/env bash
# Builds the image and runs it: doctor, pages, health check, SIGTERM, no root, a root file system that can't be written.
#
#   tests/container.sh                with Docker or Podman, which fetch the base image
#   STAND_IN=1 tests/container.sh     as root on Debian without an engine and without an image: buildah, and a base
#                                     that debootstrap makes, under the name of the real one. It shows that the
#                                     Dockerfile builds and runs; it is not the image that you would ship.
#
# BUILD_OPTIONS are given to the build, such as "--network host".
set -euo pipefail
cd "$(dirname "$0")/.."
IMAGE=localhost/brief:test
BASE=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' Dockerfile)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

say() { printf '\n== %s\n' "$*"; }

with_engine() {
    local engine=$1 name="brief-test-$$" key
    key=$(openssl rand -base64 32)
    say "build with $engine"
    # shellcheck disable=SC2086  # several options
    "$engine" build ${BUILD_OPTIONS:-} --tag "$IMAGE" .
    confined() {
        "$engine" run --rm --read-only --tmpfs /tmp --tmpfs /data:uid=10001,mode=0750 --cap-drop ALL \
            --security-opt no-new-privileges --env BRIEF_SECRET_KEY="$key" "$@"
    }
    say "not root, no compiler, no pip"
    confined --entrypoint sh "$IMAGE" -ec 'test "$(id -u)" = 10001; ! touch /root-is-writable; '"$NO_TOOLS"
    say "brief doctor"
    confined --env BRIEF_ARXIV_URL=http://127.0.0.1:9/ "$IMAGE" doctor || doctor_but_arxiv confined
    say "serve, healthy, SIGTERM"
    confined --detach --name "$name" "$IMAGE" >/dev/null
    for _ in $(seq 60); do
        "$engine" exec "$name" python -c "$ALIVE" 2>/dev/null && break
        sleep 1
    done
    "$engine" exec "$name" python -c "$ALIVE"
    "$engine" stop --time 20 "$name" >/dev/null
}

without_engine() {
    export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
    if ! buildah inspect --type image "localhost/$BASE" >/dev/null 2>&1; then
        say "a stand-in for $BASE"
        debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
            bookworm "$SCRATCH/root" >"$SCRATCH/debootstrap.log"
        ln -s /usr/bin/python3 "$SCRATCH/root/usr/local/bin/python"
        local base
        base=$(buildah from scratch)
        buildah add -q "$base" "$SCRATCH/root" / >/dev/null
        buildah commit -q "$base" "localhost/$BASE" >/dev/null
        buildah rm "$base" >/dev/null
    fi
    say "build with buildah on the stand-in"
    # shellcheck disable=SC2086  # several options
    buildah bud --pull=never --isolation chroot --format docker ${BUILD_OPTIONS:-} --tag "$IMAGE" .
    container=$(buildah from --pull=never "$IMAGE")
    trap 'buildah rm "$container" >/dev/null; rm -rf "$SCRATCH"' EXIT
    inside() { buildah run --isolation chroot --env BRIEF_SECRET_KEY="$KEY" "$@"; }
    KEY=$(openssl rand -base64 32)
    say "not root, no compiler, no pip"
    inside "$container" -- sh -ec 'test "$(id -u)" = 10001; ! touch /usr/root-is-writable; '"$NO_TOOLS"
    say "brief doctor"
    inside "$container" -- brief doctor
    say "serve, healthy, SIGTERM"
    inside "$container" -- sh -ec "$SERVED"
    say "what the image says of itself"
    buildah inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.StopSignal}} {{.Docker.Config.Healthcheck}} {{.Docker.Config.Cmd}}' "$IMAGE"
}

NO_TOOLS='for tool in gcc cc make hatchling; do ! command -v $tool; done; ! python -c "import pip" 2>/dev/null; ! python -c "import hatchling" 2>/dev/null'
ALIVE='from urllib.request import urlopen; print(urlopen("http://127.0.0.1:8000/health/live", timeout=4).read())'
SERVED='brief serve --host 127.0.0.1 & server=$!
for _ in $(seq 60); do python -c '"'$ALIVE'"' 2>/dev/null && break; sleep 1; done
python -c '"'$ALIVE'"'
kill -TERM $server; wait $server; echo "ended with $?"'

if [ -n "${STAND_IN:-}" ]; then
    without_engine
elif engine=$(command -v docker || command -v podman); then
    with_engine "$engine"
else
    echo "no container engine here; as root on Debian: apt-get install buildah debootstrap, then STAND_IN=1 $0" >&2
    exit 2
fi
say "the container works"
