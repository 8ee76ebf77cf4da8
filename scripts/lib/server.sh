# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of the script that sources it
# The server for the requests of scripts/compare-node: a `uvlab origin` in a process of its own. Uses
# $uvlab, $work (a folder for its certificate) and $name_resolves (true or false, of localhost).

server_pid=''

# Sets what its clients are told of it: $server_url, $server_flags (of uvlab), and $server_address, which
# is empty where the name resolves. It ends with its standard input, so also when the script is killed.
start_server() { # DELAY
    local url port
    coproc server {
        exec "$uvlab" origin --origin-delay "$1" --certificate "$work/certificate.pem" --until-eof
    }
    # bash forgets all of these when the process has ended
    server_pid=${server_PID-} server_input=${server[1]-}
    { [ -n "${server[0]-}" ] && read -r -t 60 url <&"${server[0]}"; } ||
        fail 'uvlab origin did not start'
    [[ $url =~ ^https://[^/]+:([0-9]+)/$ ]] || fail "uvlab origin printed no URL, but '$url'"
    port=${BASH_REMATCH[1]}
    server_url=https://localhost:$port/ server_address=()
    server_flags=(--url "$server_url" --cacert "$work/certificate.pem")
    if ! $name_resolves; then
        server_flags+=(--resolve "localhost:$port:127.0.0.1")
        server_address=(127.0.0.1)
    fi
}

stop_server() {
    [ -n "$server_pid" ] || return 0
    { exec {server_input}>&-; } 2>/dev/null || true
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=''
}
