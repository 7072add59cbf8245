# Reads the goals that were kept (see result.awk), of all benches; prints them in one table.
# With `markdown`, as one of that.

BEGIN {
	FS = "\t"
	if (markdown)
		print "| bench | case | ratio | median | least | greatest | goal | |\n|---|---|---|---|---|---|---|---|"
	else
		printf "%-7s %8s  %-22s %8s %8s %8s    %s\n", "bench", "case", "ratio", "median", "min", \
			"max", "goal"
}

{
	goal = $7 " " $8
	if ($9 != "rate")
		goal = goal " " $9
	if ($10 != "")
		goal = goal " or " $10 "/s"
	below += $11 == "BELOW GOAL"
	if ($11 == "not measured")
		$4 = $5 = $6 = "-"
	if (markdown)
		printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, goal, \
			$11 == "BELOW GOAL" ? "**below goal**" : $11
	else
		printf "%-7s %8s  %-22s %8s %8s %8s    %-16s %s\n", $1, $2, $3, $4, $5, $6, goal, $11
}

END {
	if (!markdown)
		printf "\n%d goals, %d below\n", NR, below
}
