# refuses.sh SENTENCE FOLDER PROGRAM ARGUMENTS: whether the program, run in an empty folder, says the sentence, ends with a
# status of its own other than 0, and leaves no file. A shell reads the arguments, to which $empty is an empty file.
sentence=$1 folder=$2 program=$3 empty=$2.empty
rm -rf "$folder" && mkdir -p "$folder" && : > "$empty" && cd "$folder" || exit 2
said=$(eval "\"\$program\" $4" 2>&1)
status=$?
files=$(find . -type f)
printf '%s\nstatus %s; files: %s\n' "$said" "$status" "$files"
[ "$status" -gt 0 ] && [ "$status" -lt 126 ] && [ -z "$files" ] || exit 1
case $said in
    *"$sentence"*) ;;
    *) echo "that does not say: $sentence"; exit 1 ;;
esac
