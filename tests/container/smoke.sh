#!/usr/bin/env bash
# Build docker/Dockerfile and start the image as Cloud Run would, on a Debian machine that reaches no image registry.
#
#   smoke.sh build          make the image from the Dockerfile as it stands; prints its size in bytes
#   smoke.sh start NAME     start a container on 127.0.0.1:$PORT; returns at once
#   smoke.sh run NAME ...   run a command inside a started container
#   smoke.sh logs NAME      print what it wrote
#   smoke.sh stop NAME      SIGTERM, ten seconds, SIGKILL; prints the exit code
#   smoke.sh remove NAME
#
# The base image is a stand-in for python:3.11-slim, put together once from Debian's packages and this machine's
# Python, and kept in $SMOKE_HOME (by default in the user's cache). Needs root; installs podman, runc and debootstrap.
set -euo pipefail

SMOKE_HOME=${SMOKE_HOME:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/eduscale-container}
PORT=${PORT:-18080}
BASE=docker.io/library/python:3.11-slim
IMAGE=${IMAGE:-localhost/eduscale-engine:smoke}
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
CHECKOUT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")

say() { echo "$*" >&2; }

install_tools() {
  local missing=()
  for tool in podman runc debootstrap; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  if ((${#missing[@]})); then
    say "installing ${missing[*]}"
    { apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"
    } >"$SMOKE_HOME/apt.log" 2>&1
  fi
}

# Storage and settings of our own, so that nothing of the machine's podman is touched. The limits are those that an
# unprivileged root may set, and runc is the runtime that starts under every mix of control group versions.
configure_podman() {
  cat >"$SMOKE_HOME/storage.conf" <<EOF
[storage]
driver = "overlay"
runroot = "$SMOKE_HOME/run"
graphroot = "$SMOKE_HOME/storage"
EOF
  cat >"$SMOKE_HOME/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
volume_path = "$SMOKE_HOME/volumes"
EOF
  printf '[global]\ncert = %s\ntimeout = 180\ndisable-pip-version-check = true\n' "$CERTIFICATES" >"$SMOKE_HOME/pip.conf"
  export CONTAINERS_STORAGE_CONF=$SMOKE_HOME/storage.conf CONTAINERS_CONF=$SMOKE_HOME/containers.conf
}

make_base_archive() {
  local root=$SMOKE_HOME/rootfs python mirror
  python=${PYTHON_ROOT:-$(python3.11 -c 'import sys; print(sys.base_prefix)')}
  # shellcheck disable=SC2016  # the dollar belongs to apt's own format
  mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Created-By: Packages' | head -1)}
  say "putting together a stand-in for $BASE"
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates,netbase,tzdata,libssl3,libffi8,libbz2-1.0,liblzma5,zlib1g,libsqlite3-0,libreadline8,libncursesw6,libuuid1,libnsl2 \
    bookworm "$root" "$mirror" >"$SMOKE_HOME/debootstrap.log" 2>&1
  mkdir -p "$root"/usr/local/{bin,lib}
  cp -a "$python/bin/python3.11" "$root/usr/local/bin/"
  cp -a "$python"/lib/libpython3*.so* "$root/usr/local/lib/" 2>/dev/null || true  # absent from a static build
  tar -C "$python/lib" -cf - --exclude='python3.11/site-packages/*' --exclude='*/__pycache__' --exclude='*/_tkinter*.so' \
    --exclude=python3.11/test --exclude=python3.11/idlelib --exclude=python3.11/tkinter \
    --exclude='python3.11/config-3.11*/*.a' python3.11 | tar -C "$root/usr/local/lib" -xf -
  ln -sfn python3.11 "$root/usr/local/bin/python3"
  ln -sfn python3.11 "$root/usr/local/bin/python"
  echo /usr/local/lib >"$root/etc/ld.so.conf.d/000-local.conf"
  chroot "$root" /sbin/ldconfig
  chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 \
    python3 -m ensurepip --default-pip >>"$SMOKE_HOME/debootstrap.log" 2>&1
  chroot "$root" /usr/local/bin/python3 -c 'import bz2, ctypes, hashlib, lzma, sqlite3, ssl, uuid, zlib'
  rm -rf "$root"/var/{cache/apt,lib/apt/lists,log}/* "$root"/usr/share/{doc,man,locale,info}/* "$root"/tmp/*
  find "$root/usr/local" -name __pycache__ -type d -prune -exec rm -rf {} +
  : >"$root/etc/resolv.conf"  # the machine's own, as debootstrap left it
  : >"$root/etc/hosts"
  : >"$root/etc/pip.conf"     # a place to mount ours
  tar -C "$root" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' --numeric-owner -cf "$SMOKE_HOME/base.partial" .
  mv "$SMOKE_HOME/base.partial" "$SMOKE_HOME/base.tar"
  rm -rf "$root"
}

build() {
  install_tools
  if ! podman image exists "$BASE"; then
    [ -s "$SMOKE_HOME/base.tar" ] || make_base_archive
    podman import -q --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
      --change 'ENV LANG=C.UTF-8' --change 'CMD ["python3"]' "$SMOKE_HOME/base.tar" "$BASE" >/dev/null
  fi
  say "building $IMAGE"
  # The two mounts exist while RUN lines do; neither reaches the image.
  podman build -q --pull-never --format docker --isolation chroot --network host \
    --volume "$CERTIFICATES:$CERTIFICATES:ro" --volume "$SMOKE_HOME/pip.conf:/etc/pip.conf:ro" \
    -f "$CHECKOUT/docker/Dockerfile" -t "$IMAGE" "$CHECKOUT" >"$SMOKE_HOME/build.log" 2>&1 ||
    { tail -40 "$SMOKE_HOME/build.log" >&2; exit 1; }
  podman image inspect "$IMAGE" --format '{{.Size}}'
}

start() {
  podman run -d --name "$1" -p "127.0.0.1:$PORT:9090" -e PORT=9090 -e ENV="${ENV:-local}" --memory 512m --cpus 1 \
    --read-only --tmpfs /tmp --cap-drop all --security-opt no-new-privileges "$IMAGE" >/dev/null
}

stop() {
  podman stop -t 10 "$1" >/dev/null
  podman inspect "$1" --format '{{.State.ExitCode}}'
}

action=${1:?build, start, run, logs, stop or remove}
shift
mkdir -p "$SMOKE_HOME"
configure_podman
case $action in
  build) build ;;
  start | stop) "$action" "$@" ;;
  run) podman exec "$@" ;;
  logs) podman logs "$1" ;;
  remove) podman rm -f -v -t 0 "$1" >/dev/null ;;
  *) say "unknown action: $action"; exit 2 ;;
esac
