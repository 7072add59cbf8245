# Reads values, one a line; prints the goal `of` of `case` that they are held against, and keeps it.
# With result.awk; `sign`, `goal` and `kind` as there.
{ list[NR] = $1 + 0 }

END {
	if (NR)
		result_print(c, of, list, NR, sign, goal, kind, 0, 0)
	else
		result_missing(c, of, sign, goal, kind)
}
