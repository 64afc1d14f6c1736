"""How a program that may still be starting is asked over HTTP: by bash, on host and guest alike.

Whoever connects may be let in before the program listens (Docker's port proxy does that), and be
cut off at any point. Only a whole answer counts; anything else is told in a few words.
"""

import shlex

REFUSED = "connection refused"
"""What is seen where nobody listens."""
# bash sends a request line by line: the connection may break in between, which must not kill it.
_ASK = r"""ask() {
  local -x LC_ALL=C; local reply code head body saw=
  reply=$(timeout 5 bash -c 'trap "" PIPE
    exec 3<>"/dev/tcp/$0/$1" && printf "GET %s HTTP/1.0\r\n\r\n" "$2" >&3 && cat <&3' "$@" 2>&1
    echo " $?")
  code=${reply##* } reply=${reply% *}
  head=${reply%%$'\r\n\r\n'*} body=${reply#*$'\r\n\r\n'}
  if [ "$code" = 124 ]; then
    saw="${reply:+half an answer}" saw="${saw:-no answer} within 5 s"
  elif [ "$code" != 0 ]; then
    saw=${reply##*: } saw=${saw%%$'\n'*} saw=${saw,}
  elif [ -z "$reply" ]; then
    saw="the connection was closed without an answer"
  elif [[ $head == "$reply" || ! $head =~ ^HTTP/1\.[01]\ ([0-9]{3}) ]]; then
    saw="half an answer"
  elif [ "${BASH_REMATCH[1]}" != 200 ]; then
    saw="HTTP ${BASH_REMATCH[1]}"
  elif [[ $head =~ [Ll]ength:\ *([0-9]+) ]] && [ ${#body} -lt "${BASH_REMATCH[1]}" ]; then
    saw="half an answer"
  fi
  [ -z "$saw" ] && printf %s "$body" && return
  echo "$saw" >&2
  return 1
}
"""
_AWAIT = r"""end=$((SECONDS + {seconds}))
until saw=$(ask {address} {port} {path} 2>&1 >/dev/null); do
  if [ $SECONDS -ge $end ]; then
    echo {what} "at {address}:{port} did not answer within {seconds} s; the last try saw: $saw" >&2
    exit 1
  fi
  sleep 0.1
done
"""


def once(address: str, port: int, path: str) -> list[str]:
    """The command that prints the body of a 200; else it says what it saw and exits with 1."""
    return ["bash", "-c", f'{_ASK}ask "$@"', "ask", address, str(port), path]


def until_answered(what: str, address: str, port: int, path: str, seconds: int) -> str:
    """bash's text that ends once there is an answer; in so many seconds with what it saw last."""
    return _ASK + _AWAIT.format(
        address=address, port=port, path=path, seconds=seconds, what=shlex.quote(what)
    )
