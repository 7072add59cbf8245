# Shared by pairs.awk and goal.awk: middles, and the line of a goal.
#
# `bench` is the name of the bench, `commit` that of what was measured; with `kept`, a file, each goal is
# added there, separated by tabs:
#	bench, case, ratio, median, least, greatest, sign, goal, kind, enough, verdict, commit

# Sorts list[1..n]; mawk has no asort.
function sort(list, n,    i, j, held) {
	for (i = 2; i <= n; i++) {
		held = list[i]
		for (j = i - 1; j >= 1 && list[j] > held; j--)
			list[j + 1] = list[j]
		list[j + 1] = held
	}
}

function middle(list, n) {
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function result_keep(c, what, median, least, greatest, sign, goal, kind, enough, verdict) {
	if (kept)
		printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%s\t%s\t%s\t%s\n", bench, c, what, median, \
			least, greatest, sign, goal, kind, enough, verdict, commit >>kept
}

function result_missing(c, what, sign, goal, kind) {
	printf "%7s  %-20s  not measured; goal %s %.2f\n", c, what, sign, goal
	result_keep(c, what, "", "", "", sign, goal, kind, "", "not measured")
}

# Sorts list[1..n], its values; `is_enough` forgives.
function result_print(c, what, list, n, sign, goal, kind, enough, is_enough,    median, verdict) {
	sort(list, n)
	median = middle(list, n)
	verdict = (sign == ">=" ? median < goal : median > goal) && !is_enough ? "BELOW GOAL" : "ok"
	printf "%7s  %-20s %8.2f %8.2f %8.2f    %s %.2f  %s%s\n", c, what, median, list[1], list[n], \
		sign, goal, kind != "rate" ? kind "  " : enough ? "or " enough "/s  " : "", verdict
	result_keep(c, what, sprintf("%.2f", median), sprintf("%.2f", list[1]), \
		sprintf("%.2f", list[n]), sign, goal, kind, enough ? enough : "", verdict)
}
