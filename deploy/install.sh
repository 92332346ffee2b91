#!/bin/sh
# Installs envizzy on 64-bit Linux, or upgrades it: /opt/envizzy, the user envizzy, /etc/envizzy, systemd units.
# Settings stay as they are. Settings that the new version cannot read stop it before anything is changed.
set -eu

usage() {
    cat <<'TEXT'
Usage: install.sh [--wheelhouse DIR] [--config FILE] [--python PYTHON] [--no-restart]

  --wheelhouse DIR   install from the wheels there, without a network (make wheelhouse);
                     default: wheelhouse beside this script, if there is one, else PyPI
  --config FILE      settings to begin with, where /etc/envizzy/envizzy.toml is not there yet
  --python PYTHON    Python 3.11 or later; default: python3
  --no-restart       leave running services of the old version running
TEXT
}

say() { printf 'envizzy: %s\n' "$*"; }
fail() {
    printf 'envizzy: %s\n' "$*" >&2
    exit 1
}

HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
HOME_DIR=/opt/envizzy
ETC=/etc/envizzy
UNITS=/etc/systemd/system
SYSCTL=/etc/sysctl.d/60-envizzy.conf
COMMAND=/usr/local/bin/envizzy
ACCOUNT=envizzy

wheelhouse='' given='' python=python3 restart=yes
while [ $# -gt 0 ]; do
    case $1 in
    --wheelhouse | --config | --python)
        [ $# -ge 2 ] || fail "$1 needs a value"
        case $1 in
        --wheelhouse) wheelhouse=$2 ;;
        --config) given=$2 ;;
        --python) python=$2 ;;
        esac
        shift
        ;;
    --no-restart) restart=no ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        fail "$1 is not known"
        ;;
    esac
    shift
done

# --- what must be so before anything is changed
[ "$(id -u)" = 0 ] || fail "must be run by root: sudo $0"
[ "$(uname -s)" = Linux ] || fail "needs Linux; this is $(uname -s)"
[ "$(getconf LONG_BIT)" = 64 ] || fail "needs a 64-bit system"
command -v "$python" >/dev/null || fail "there is no $python; --python names one (3.11 or later)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is $("$python" -V 2>&1); Python 3.11 or later is needed: --python names one"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make virtual environments; on Debian and Ubuntu install python3-venv"
command -v useradd >/dev/null || fail "there is no useradd (package passwd or shadow-utils)"
if [ -z "$wheelhouse" ] && [ -d "$HERE/wheelhouse" ]; then wheelhouse=$HERE/wheelhouse; fi
if [ -n "$wheelhouse" ]; then
    wheelhouse=$(CDPATH='' cd -- "$wheelhouse" && pwd) || fail "there is no folder $wheelhouse"
    set -- "$wheelhouse"/envizzy-*.whl
    [ $# = 1 ] && [ -f "$1" ] || fail "$wheelhouse must hold exactly one envizzy-*.whl"
elif [ ! -f "$HERE/../pyproject.toml" ]; then
    fail "neither a wheelhouse nor a checkout of envizzy around $HERE"
fi
for file in requirements.txt uninstall.sh systemd/envizzy-ingest.service systemd/60-envizzy.conf; do
    [ -f "$HERE/$file" ] || fail "$HERE/$file is missing: unpack the release whole"
done
[ -z "$given" ] || [ -f "$given" ] || fail "there is no file $given"

settings=$ETC/envizzy.toml
if [ -f "$settings" ]; then
    [ -z "$given" ] || say "$settings is there and stays; $given is not taken"
    check=$settings
else
    check=${given:-$HERE/systemd/envizzy.toml}
fi

# --- the new version, beside the old one; it goes again where something is wrong
new='' made_home=no staging=$(mktemp -d)
undo() {
    status=$?
    rm -rf "$staging"
    if [ "$status" != 0 ] && [ -n "$new" ]; then
        rm -rf "$new"
        [ "$made_home" = no ] || rm -rf "$HOME_DIR"
        printf 'envizzy: nothing was changed\n' >&2
    fi
    exit "$status"
}
trap undo EXIT
trap 'exit 1' HUP INT TERM

pip() { "$new/bin/python" -m pip --disable-pip-version-check --quiet --no-input "$@"; }

[ -d "$HOME_DIR" ] || made_home=yes
umask 022
mkdir -p "$HOME_DIR/releases"
new=$HOME_DIR/releases/$(date -u +%Y%m%dT%H%M%SZ)-$$
say "installing into $new"
"$python" -m venv "$new"
if [ -n "$wheelhouse" ]; then
    pip install --no-index --find-links "$wheelhouse" --require-hashes -r "$HERE/requirements.txt"
    pip install --no-index --no-deps "$wheelhouse"/envizzy-*.whl
else
    pip install --require-hashes -r "$HERE/requirements.txt"
    pip wheel --no-deps --wheel-dir "$staging" "$HERE/.."
    pip install --no-index --no-deps "$staging"/envizzy-*.whl
fi

# As the services will: their environment, and their user where there is one already.
read_environment() {
    [ -f "$ETC/envizzy.env" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        ENVIZZY_*=*)
            value=${line#*=}
            case $value in
            \"*\") value=${value#\"} value=${value%\"} ;;
            \'*\') value=${value#\'} value=${value%\'} ;;
            esac
            export "${line%%=*}=$value"
            ;;
        esac
    done <"$ETC/envizzy.env"
}
as_account() {
    if [ "$check" = "$settings" ] && id "$ACCOUNT" >/dev/null 2>&1; then
        setpriv --reuid="$ACCOUNT" --regid="$ACCOUNT" --init-groups -- "$@"
    else
        "$@"
    fi
}
(
    cd /
    read_environment
    as_account "$new/bin/envizzy" config check --config "$check" >/dev/null
) || fail "the new version cannot use $check (see above)"

# --- from here on it is changed; what stops now is mended by another run
trap 'rm -rf "$staging"' EXIT
id "$ACCOUNT" >/dev/null 2>&1 || useradd --system --user-group --no-create-home \
    --home-dir /var/lib/envizzy --shell /usr/sbin/nologin "$ACCOUNT"
for folder in /var/lib/envizzy /var/log/envizzy; do
    mkdir -p "$folder"
    # What an earlier installation left there belongs to root since its end.
    chown -R "$ACCOUNT:$ACCOUNT" "$folder"
    chmod 0750 "$folder"
done
mkdir -p "$ETC"
chown "root:$ACCOUNT" "$ETC"
chmod 0750 "$ETC"
[ -f "$settings" ] || install -o root -g "$ACCOUNT" -m 0640 "$check" "$settings"
[ -f "$ETC/envizzy.env" ] || install -o root -g root -m 0600 "$HERE/systemd/envizzy.env" "$ETC/envizzy.env"

mkdir -p "$UNITS/envizzy-.service.d" "${SYSCTL%/*}" "${COMMAND%/*}"
install -m 0644 "$HERE"/systemd/*.service "$UNITS/"
install -m 0644 "$HERE"/systemd/envizzy-.service.d/*.conf "$UNITS/envizzy-.service.d/"
install -m 0644 "$HERE/systemd/60-envizzy.conf" "$SYSCTL"
install -m 0755 "$HERE/uninstall.sh" "$HOME_DIR/uninstall.sh"

before=$(readlink "$HOME_DIR/current" || true)
ln -s "$new" "$HOME_DIR/current.new"
mv -T "$HOME_DIR/current.new" "$HOME_DIR/current"
ln -sfn "$HOME_DIR/current/bin/envizzy" "$COMMAND"
for release in "$HOME_DIR"/releases/*; do
    # The one before is kept: a way back.
    [ "$release" = "$(readlink "$HOME_DIR/current")" ] || [ "$release" = "$before" ] || rm -rf "$release"
done

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl restart systemd-sysctl.service || say "net.core.rmem_max could not be set: see $SYSCTL"
    # Workers first: ingest keeps receiving meanwhile.
    [ "$restart" = no ] || systemctl try-restart 'envizzy-[!i]*.service' envizzy-ingest.service
else
    say "systemd does not run here: nothing is started"
fi

say "$("$COMMAND" --version) is installed"
if [ -z "$before" ]; then
    cat <<TEXT
Now:
  edit $settings, secrets in $ETC/envizzy.env
  envizzy topics create --config $settings
  systemctl enable --now envizzy-ingest envizzy-streams
TEXT
fi
