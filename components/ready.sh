# Waits until cloud-init is done and Docker answers; says why where one of them fails.
result=/run/cloud-init/result.json
# Without a prepared image, cloud-init installs Docker first.
for _ in $(seq 2400); do
  [ -e $result ] && break
  sleep 0.5
done
if [ ! -e $result ]; then
  echo "cloud-init was not done on this guest within 20 minutes; the end of its log:" >&2
  tail -n 15 /var/log/cloud-init.log >&2
  exit 1
fi
if ! grep -q '"errors": \[\]' $result; then
  echo "cloud-init failed on this guest; the end of its log:" >&2
  grep -E 'ERROR|WARNING|CRITICAL' /var/log/cloud-init.log | tail -n 15 >&2
  # What the commands said that it ran.
  grep -E '^(E:|isolab:)' /var/log/cloud-init-output.log | tail -n 5 >&2
  exit 1
fi
# Its socket is there before Docker, and the client waits at it for ever.
end=$(($(date +%s) + 300))
until saw=$(timeout 30 docker version --format '{{.Server.Version}}' 2>&1); do
  if [ "$(date +%s)" -ge $end ]; then
    echo "Docker did not answer within five minutes; the last try saw:" >&2
    echo "${saw:-no answer within 30 s}" | tail -n 1 >&2
    echo "Docker itself said last:" >&2
    journalctl -u docker -u containerd -n 15 --no-pager >&2
    exit 1
  fi
  sleep 0.5
done
echo "$saw"
