# Waits until cloud-init is done and Docker answers; a cloud-init that failed says why.
for _ in $(seq 600); do
  if [ -e /run/cloud-init/result.json ] && docker info >/dev/null 2>&1; then
    if grep -q '"errors": \[\]' /run/cloud-init/result.json; then
      exec docker version --format '{{.Server.Version}}'
    fi
    echo "cloud-init failed on this guest; the end of its log:" >&2
    grep -E 'ERROR|WARNING|CRITICAL' /var/log/cloud-init.log | tail -n 15 >&2
    exit 1
  fi
  sleep 0.5
done
echo "Docker did not answer within five minutes; what it said last:" >&2
journalctl -u docker -u containerd -n 15 --no-pager >&2
exit 1
