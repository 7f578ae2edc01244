# shellcheck shell=bash
# Completion of trace-report and trace-run in bash. Nothing is known here that the tools do not say
# themselves: options and what they take are read from --help, the words that an option takes from
# the answer to a wrong one.

# Print the long options of $1, each with = if it takes an argument.
_trace_tools_options() {
    "$1" --help 2>/dev/null | sed -n 's/^ *\(-., \|-. [A-Z]*, \)\?\(--[a-z-]*=\?\).*/\2/p'
}

# Print what option $2 of $1 takes, as --help calls it.
_trace_tools_argument() {
    "$1" --help 2>/dev/null | sed -n "s/^.* $2=\\([^ ]*\\).*/\\1/p" | head -n 1
}

# Print the words that $2 of $1 takes.
_trace_tools_words() {
    "$1" "$2=?" 2>&1 | sed -n 's/.* is none of //p' | tr -d ,
}

# Fill COMPREPLY with the lines that come in on standard input.
_trace_tools_reply() {
    mapfile -t COMPREPLY
    compopt -o filenames 2>/dev/null
}

_trace_tools() {
    local tool=$1 current=$2 option=$3 argument
    COMPREPLY=()
    case $current:$option in
    =:*) current="" ;;
    *:=) option=${COMP_WORDS[COMP_CWORD - 2]} ;;
    -*)
        mapfile -t COMPREPLY < <(compgen -W "$(_trace_tools_options "$tool")" -- "$current")
        [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
        return
        ;;
    esac
    [[ $option != -o ]] || option=--output
    argument=""
    [[ $option != --* ]] || argument=$(_trace_tools_argument "$tool" "$option")
    case $argument in
    *FILE | GLOB* | PATTERN) _trace_tools_reply < <(compgen -f -- "$current") ;;
    DIR) _trace_tools_reply < <(compgen -d -- "$current") ;;
    MOMENT) mapfile -t COMPREPLY < <(compgen -W "end peak" -- "$current") ;;
    SIGNAL) mapfile -t COMPREPLY < <(compgen -A signal -- "$current") ;;
    GROUP | KEY | FORMAT)
        mapfile -t COMPREPLY < <(compgen -W "$(_trace_tools_words "$tool" "$option")" -- "$current")
        ;;
    "")
        if [[ ${tool##*/} == trace-run ]]; then
            _trace_tools_reply < <(compgen -c -- "$current" | sort -u; compgen -f -- "$current")
        else
            _trace_tools_reply < <(compgen -f -X '!*.trace' -- "$current"; compgen -d -- "$current")
        fi
        ;;
    esac
}

complete -F _trace_tools trace-report trace-run
