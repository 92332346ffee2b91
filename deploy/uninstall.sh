#!/bin/sh
# Takes envizzy off this host: services, units, /opt/envizzy, the command, the user. Data stays: /var/lib/envizzy with the
# settings put aside in it, and /var/log/envizzy, both root's from then on. --purge takes these, too. Kafka is not touched.
set -eu

purge=no
case ${1-} in
'') ;;
--purge) purge=yes ;;
-h | --help)
    echo "Usage: uninstall.sh [--purge]    --purge: settings, logs and state go, too"
    exit 0
    ;;
*)
    echo "envizzy: $1 is not known; accepted: --purge" >&2
    exit 1
    ;;
esac
[ "$(id -u)" = 0 ] || {
    echo "envizzy: must be run by root: sudo $0" >&2
    exit 1
}

HOME_DIR=/opt/envizzy
ETC=/etc/envizzy
UNITS=/etc/systemd/system

if [ -d /run/systemd/system ]; then
    systemctl list-units --plain --no-legend --all 'envizzy-*.service' | while read -r unit _; do
        systemctl disable --now "$unit" || true
    done
fi
rm -f "$UNITS"/envizzy-*.service "$UNITS"/*.wants/envizzy-*.service /etc/sysctl.d/60-envizzy.conf
rm -f "$UNITS/envizzy-.service.d/10-hardening.conf"
# Somebody's own drop-ins stay with the settings.
if [ -d "$ETC" ]; then
    for folder in "$UNITS"/envizzy-*.service.d; do
        [ -d "$folder" ] || continue
        rmdir "$folder" 2>/dev/null || mv "$folder" "$ETC/"
    done
fi
[ ! -d /run/systemd/system ] || systemctl daemon-reload
if [ "$(readlink /usr/local/bin/envizzy || true)" = "$HOME_DIR/current/bin/envizzy" ]; then
    rm -f /usr/local/bin/envizzy
fi

if [ "$purge" = yes ]; then
    rm -rf "$ETC" /var/lib/envizzy /var/log/envizzy
elif [ -d "$ETC" ]; then
    mkdir -p /var/lib/envizzy
    aside=/var/lib/envizzy/settings-$(date -u +%Y%m%dT%H%M%SZ)
    mv "$ETC" "$aside"
    echo "envizzy: the settings are in $aside"
fi
# No file may belong to a user that is gone: its number may be given to another one.
for folder in /var/lib/envizzy /var/log/envizzy; do
    [ ! -d "$folder" ] || { chown -R root:root "$folder" && chmod 0700 "$folder"; }
done
if id envizzy >/dev/null 2>&1; then userdel envizzy; fi
if getent group envizzy >/dev/null; then groupdel envizzy; fi
rm -rf "$HOME_DIR"
echo "envizzy: is uninstalled"
