# Reads the lines of public_names.awk, then pages. Writes each public name that no page has in its
# code: in a fenced block or between backticks. The page must name the class of a member too.
FNR == 1 { ++file; fenced = inline = 0 }
file == 1 && $1 == "op" { ops[$2] = 1 }
file == 1 && $1 != "op" { wanted[$0] = 1 }
file == 1 { next }
/^```/ { fenced = !fenced; next }
!NF { inline = 0 }
{
  count = split($0, parts, fenced ? "\n" : "`")
  for (i = 1; i <= count; ++i) {
    if (i > 1) inline = !inline
    if (!fenced && !inline) continue
    gsub(/[^A-Za-z0-9_]+/, " ", parts[i])
    number = split(parts[i], words, " ")
    for (j = 1; j <= number; ++j) {
      said[words[j]] = 1
      said[FILENAME, words[j]] = 1
    }
  }
  pages[FILENAME] = 1
}
function found(name,   words, page) {
  split(name, words, " ")
  if (words[1] != "member") return words[3] in said
  if (words[2] in ops && words[2] !~ /Options$/) return 1  # its page has the builder
  for (page in pages)
    if ((page, words[2]) in said && (page, words[3]) in said) return 1
  return 0
}
END {
  for (name in wanted) if (!found(name)) print name
}
