# Waits until cloud-init is done and Docker answers; says why where one of them fails.
result=/run/cloud-init/result.json
# Without a prepared image, cloud-init installs Docker first.
for _ in $(seq 2400); do
  [ -e $result ] && break
  sleep 0.5
done
if ! grep -q '"errors": \[\]' $result; then
  echo "cloud-init failed on this guest; the end of its log:" >&2
  grep -E 'ERROR|WARNING|CRITICAL' /var/log/cloud-init.log | tail -n 15 >&2
  # What the commands said that it ran.
  grep -E '^(E:|isolab:)' /var/log/cloud-init-output.log | tail -n 5 >&2
  exit 1
fi
for _ in $(seq 600); do
  if docker info >/dev/null 2>&1; then
    exec docker version --format '{{.Server.Version}}'
  fi
  sleep 0.5
done
echo "Docker did not answer within five minutes; what it said last:" >&2
journalctl -u docker -u containerd -n 15 --no-pager >&2
exit 1
