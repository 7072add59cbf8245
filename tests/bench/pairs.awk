# Reads the rounds (clients, pair, peer, ops/s, p50, p99, max, errors); prints the medians of each
# peer, and for each goal the median, least and greatest of the ratios `of`/peer, pair by pair.

BEGIN { FS = "\t" }

FNR == 1 { next }

{
	if (!($1 in known))
		clients[++n_clients] = $1
	known[$1] = 1
	if ($2 > pairs)
		pairs = $2
	for (column = 4; column <= 7; column++)
		value[$1, $3, column, $2] = $column
}

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

function median(c, peer, column,    i, list) {
	for (i = 1; i <= pairs; i++)
		list[i] = value[c, peer, column, i] + 0
	sort(list, pairs)
	return middle(list, pairs)
}

function print_goal(c, peer, goal,    i, list, ratio) {
	if (!((c, of, 4, 1) in value) || !((c, peer, 4, 1) in value)) {
		printf "%7d  %-12s  not measured; goal >= %.1f\n", c, of "/" peer, goal
		return
	}
	for (i = 1; i <= pairs; i++)
		list[i] = value[c, of, 4, i] / value[c, peer, 4, i]
	sort(list, pairs)
	ratio = middle(list, pairs)
	printf "%7d  %-12s %8.2f %8.2f %8.2f    >= %.1f  %s\n", c, of "/" peer, ratio, list[1],
		list[pairs], goal, ratio < goal ? "BELOW GOAL" : "ok"
}

END {
	printf "%7s  %-12s %8s %8s %8s %8s\n", "clients", "peer", "ops/s", "p50 us", "p99 us", "max us"
	n_peers = split(order, peer, " ")
	for (i = 1; i <= n_clients; i++)
		for (j = 1; j <= n_peers; j++) {
			c = clients[i]
			printf "%7d  %-12s %8.0f %8.0f %8.0f %8.0f\n", c, peer[j], median(c, peer[j], 4),
				median(c, peer[j], 5), median(c, peer[j], 6), median(c, peer[j], 7)
		}
	printf "\n%7s  %-12s %8s %8s %8s    %s\n", "clients", "ratio", "median", "min", "max", "goal"
	n_goals = split(goals, goal, ";")
	for (i = 1; i <= n_goals; i++) {
		split(goal[i], part, " ")
		print_goal(part[1], part[2], part[3])
	}
}
