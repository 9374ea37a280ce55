# Shared by the scripts beside it: makes the environment in .venv, nothing outside the folder.
# usage: . scripts/lib.sh; make_environment [dev]

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv="$root/.venv"

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "inboxd needs Python 3.11 or newer; set PYTHON to one" >&2
    return 1
}

# The environment is made anew when the lock or the project's description has changed.
make_environment() {
    local lock="$root/requirements${1:+-$1}.lock" stamp="$venv/.made-from${1:+-$1}" wanted python
    wanted=$(cat "$lock" "$root/pyproject.toml" | sha256sum)
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x "$venv/bin/inboxd" ] && return
    echo "Making the environment in $venv (once) …" >&2
    if command -v uv >/dev/null 2>&1; then
        [ -x "$venv/bin/python" ] || uv venv --quiet --python "$(find_python)" "$venv"
        uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"
        uv pip install --quiet --python "$venv/bin/python" --no-deps -e "$root"
    else
        python=$(find_python)
        [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" || no_venv
        "$venv/bin/python" -m pip install --quiet --require-hashes -r "$lock"
        "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation -e "$root"
    fi
    # Where Python may not keep byte code by itself, every start would compile all of it again.
    "$venv/bin/python" -m compileall -q "$root/inboxd"
    echo "$wanted" >"$stamp"
}

no_venv() {
    echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2
    return 1
}
