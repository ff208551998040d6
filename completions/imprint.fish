# SPDX-License-Identifier: Apache-2.0
# Asks imprint itself, so there is nothing here to keep in step.
function __imprint
    string match -q -- "--*" (commandline -ct); and return
    set -l word (commandline -ct)
    test -n "$word"; or set word ''
    for answer in (imprint complete -- (commandline -opc)[2..] "$word" 2>/dev/null)
        switch $answer
            case ':FILE' ':DIR'
                __fish_complete_path "$word"
            case '*'
                echo $answer
        end
    end
end
complete -c imprint -f -a '(__imprint)'
# fish asks for words that start with a dash by name only.
for __imprint_command in (imprint complete 2>/dev/null | string split -f1 \t)
    for __imprint_option in (imprint complete -- $__imprint_command -- 2>/dev/null)
        set -l word (string split \t -- $__imprint_option)
        set -l name (string trim -l -c - -- (string trim -r -c = -- $word[1]))
        set -l value
        string match -q -- '*=' $word[1]; and set value -x
        complete -c imprint -n "__fish_seen_subcommand_from $__imprint_command" -l $name $value -d "$word[2]" -a '(__imprint)'
    end
end
