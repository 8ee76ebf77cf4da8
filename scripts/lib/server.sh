# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of the script that sources it
# The servers of scripts/compare-node, one at a time and each in a process of its own: a `uvlab origin` for
# requests of both sides, a cluster of Node.js. Uses $uvlab, $node, $scripts, $work (a folder for a
# certificate) and $name_resolves (true or false, of localhost).

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

# A cluster of Node.js, of workers with one thread each. Sets $server_url. It ends as the other does.
start_node_cluster() { # WORKERS
    local line=''
    coproc server {
        exec env -u NODE_OPTIONS UV_THREADPOOL_SIZE=1 "$node" "$scripts/node/cluster.js" --workers "$1"
    }
    server_pid=${server_PID-} server_input=${server[1]-}
    { [ -n "${server[0]-}" ] && read -r -t 60 line <&"${server[0]}"; } ||
        fail 'Node.js failed at cluster.js: it did not start'
    [[ $line =~ ^\{\"port\":\ ?([0-9]+)[,}] ]] || fail "cluster.js printed no port, but '$line'"
    server_url=http://127.0.0.1:${BASH_REMATCH[1]}/
}

stop_server() {
    [ -n "$server_pid" ] || return 0
    { exec {server_input}>&-; } 2>/dev/null || true
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=''
}
