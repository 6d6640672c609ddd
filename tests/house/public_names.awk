# Reads clang's dump of namespace dagrad and writes one line for each public name:
# "function - f", "member Class m", "enumerator Enum e"; and for each struct that is an op, and each
# class that one is derived from, "op Class".
function enter(what, name, rights) {
  at[++top] = depth
  kind[top] = what
  class[top] = name
  access[top] = rights
}
/^Dumping/ { top = -1; skip = -1; next }
{
  match($0, /^[|` -]*/)  # the branches of the tree: two columns for each level
  depth = RLENGTH / 2
  line = substr($0, RLENGTH + 1)
  if (skip >= 0 && depth > skip) next
  skip = depth  # whatever is not entered below is passed over
  while (top >= 0 && depth <= at[top]) --top
  what = line
  sub(/ .*/, "", what)
  head = line  # without the type, which follows the name in quotes
  sub(/ '.*/, "", head)
  count = split(head, words, " ")
  name = words[count]
  open = top < 0 || access[top] == "public"
}
what == "NamespaceDecl" && name == "dagrad" { enter("namespace", "-", "public"); skip = -1; next }
what == "ClassTemplateDecl" && open { enter(kind[top], class[top], "public"); skip = -1; next }
what == "CXXRecordDecl" && / definition$/ && open {
  enter("class", words[count - 1], words[count - 2] == "struct" ? "public" : "private")
  skip = -1
  next
}
what == "EnumDecl" && open { enter("enum", name, "public"); skip = -1; next }
what == "AccessSpecDecl" { access[top] = name; next }
what == "EnumConstantDecl" { print "enumerator", class[top], name; next }
what == "public" && kind[top] == "class" {  # a base class: public 'dagrad::Base'
  base = line
  gsub(/^public '(dagrad::)?|'.*$/, "", base)
  bases[class[top]] = bases[class[top]] " " base
}
what == "VarDecl" && kind[top] == "class" && name == "name" { ops[class[top]] = 1 }
what ~ /^(FunctionDecl|FunctionTemplateDecl|CXXMethodDecl|FieldDecl)$/ && open &&
  line !~ / (implicit|delete)( |$)/ && name ~ /^[a-z][A-Za-z0-9_]*$/ && name != "operator" {
  print kind[top] == "class" ? "member " class[top] : "function -", name
}
END {
  for (op in ops) {
    print "op", op
    count = split(bases[op], words, " ")
    for (i = 1; i <= count; ++i) print "op", words[i]
  }
}
