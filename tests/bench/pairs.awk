# With result.awk. Reads the rounds (case, pair, peer, ops/s, p50, p99, max, errors); prints the medians
# of each peer, and for each goal the median, least and greatest of the ratios, pair by pair.
#
# A goal is "CASE PEER NUMBER" or "CASE PEER KIND NUMBER". KIND:
#	rate	ops/s of `of` by that of the peer, at least NUMBER; the default. A second number
#		are ops/s that are enough, whatever the ratio
#	time	time per operation of `of` by that of the peer, at most NUMBER
#	p50, p99	this latency of `of` by the one of the peer, at most NUMBER
# "a+b" is a peer that does what both do, one after the other. `label` is the name of the cases. With `markdown`
# there are rows of the medians, and nothing else.

BEGIN { FS = "\t"; COLUMN["p50"] = 5; COLUMN["p99"] = 6 }

FNR == 1 { next }

{
	if (!($1 in known))
		cases[++n_cases] = $1
	known[$1] = 1
	if (!(($1, $3) in seen))
		peers[$1, ++n_peers[$1]] = $3
	seen[$1, $3] = 1
	if ($2 > pairs[$1])
		pairs[$1] = $2
	for (column = 4; column <= 7; column++)
		value[$1, $3, column, $2] = $column
}

function median(c, peer, column,    i, list) {
	for (i = 1; i <= pairs[c]; i++)
		list[i] = value[c, peer, column, i] + 0
	sort(list, pairs[c])
	return middle(list, pairs[c])
}

function short(number) {
	return sprintf(number < 10 ? "%.2f" : "%.0f", number)
}

function is_measured(c, peer,    part, n) {
	for (n = split(peer, part, "+"); n > 0; n--)
		if (!((c, part[n]) in seen))
			return 0
	return 1
}

# What a goal compares; the greater, the slower.
function cost(c, peer, kind, pair,    part, n, sum) {
	for (n = split(peer, part, "+"); n > 0; n--)
		sum += kind in COLUMN ? value[c, part[n], COLUMN[kind], pair] : \
			1 / value[c, part[n], 4, pair]
	return sum
}

function print_goal(c, peer, kind, goal, enough,    i, list, ratio, sign) {
	sign = kind == "rate" ? ">=" : "<="
	if (!is_measured(c, of) || !is_measured(c, peer)) {
		result_missing(c, of "/" peer, sign, goal, kind)
		return
	}
	for (i = 1; i <= pairs[c]; i++) {
		ratio = cost(c, of, kind, i) / cost(c, peer, kind, i)
		list[i] = kind == "rate" ? 1 / ratio : ratio
	}
	result_print(c, of "/" peer, list, pairs[c], sign, goal, kind, enough, \
		enough && median(c, of, 4) >= enough)
}

function print_medians(c, peer) {
	printf markdown ? "| " bench " | %s | %s | %s | %s | %s | %s |\n" : "%7s  %-20s %8s %8s %8s %8s\n", \
		c, peer, short(median(c, peer, 4)), short(median(c, peer, 5)), \
		short(median(c, peer, 6)), short(median(c, peer, 7))
}

END {
	if (!markdown)
		printf "%7s  %-20s %8s %8s %8s %8s\n", label, "peer", "ops/s", "p50 us", "p99 us", "max us"
	for (i = 1; i <= n_cases; i++)
		for (j = 1; j <= n_peers[cases[i]]; j++)
			print_medians(cases[i], peers[cases[i], j])
	if (markdown)
		exit
	printf "\n%7s  %-20s %8s %8s %8s    %s\n", label, "ratio", "median", "min", "max", "goal"
	n_goals = split(goals, goal, ";")
	for (i = 1; i <= n_goals; i++)
		if (split(goal[i], part, " ") == 3)
			print_goal(part[1], part[2], "rate", part[3])
		else
			print_goal(part[1], part[2], part[3], part[4], part[5] + 0)
}
