# Reads prices (see prices) and measured figures, lines "# NAME VALUE"; prints what `daily` changes and `reads`
# readings of a ranking a day need. The formulas are explained in favfs(7), CAPACITY PLANNING.

function most(a, b) { return a > b ? a : b }
function least(a, b) { return a < b ? a : b }

# ---- here ----

function bytes_a_change() { return figure["favorite_bytes"] + figure["derived_bytes"] }
function log_size(d) { return d * retention / 24 * figure["log_bytes"] }
function grown(d, days) { return d * days * bytes_a_change() }
function cpu_a_day(d, r) { return d * figure["change_cpu_s"] + r * figure["read_cpu_s"] }

# While one commit is on its way the next one gathers.
function commits(rate) { return least(rate, 1 / figure["commit_s"]) }

# The aggregator rests 20 ms at most; what comes meanwhile takes time, in which more comes.
function lag(rate) {
	return rate < figure["counted_per_s"] ? \
		figure["fresh_s"] + 0.02 / (1 - rate / figure["counted_per_s"]) : -1
}

# ---- there: dollars a month, for d changes and r readings a day ----

function there_writes(d) { return d * DAYS * writes / 1e6 * price["dynamodb_write"] }
function there_reads(r) { return r * DAYS * 0.5 / 1e6 * price["dynamodb_read"] }

# Twice, for the index by user; a hundred bytes of overhead each time.
function there_storage(d) {
	return most(0, d * YEAR * 2 * (ITEM_BYTES + 100) / 1e9 - price["dynamodb_free_gb"]) * \
		price["dynamodb_storage"]
}

# One waits a second for changes, and takes at most a hundred.
function there_calls(d) { return least(d, most(d / 100, 86400 * least(1, d / 86400))) * DAYS }
function there_functions(d) {
	return most(0, there_calls(d) - price["lambda_free_requests"]) / 1e6 * price["lambda_request"] + \
		most(0, d * DAYS * 0.005 * 0.125 - price["lambda_free_gb_seconds"]) * price["lambda_gb_second"]
}

function there(d, r) { return there_writes(d) + there_reads(r) + there_storage(d) + there_functions(d) }

# ---- a small server, dollars a month ----

function server_disk(d) { return (SYSTEM_GB + (grown(d, YEAR) + log_size(d)) / 1e9) * price["disk_gb"] }
function server(d) { return 730 * price["server_hour"] + server_disk(d) }

# The load from which `there` costs more, with as many readings a change; 0: never.
function break_even(readings,    low, high, i, middle) {
	low = 1
	high = 1e9
	if (there(high, high * readings) < server(high))
		return 0
	for (i = 0; i < 100; i++) {
		middle = (low + high) / 2
		if (there(middle, middle * readings) < server(middle))
			low = middle
		else
			high = middle
	}
	return high
}

# ---- printing ----

function size(bytes) {
	return bytes >= 1e9 ? sprintf("%.2f GB", bytes / 1e9) : bytes >= 1e6 ? sprintf("%.2f MB", bytes / 1e6) : \
		sprintf("%.1f kB", bytes / 1e3)
}

function line(what, text) { printf "  %-34s %s\n", what, text }
function dollars(what, amount, how) { printf "  %-34s %10.2f  %s\n", what, amount, how }

BEGIN {
	YEAR = 365
	DAYS = 730 / 24 # of a month
	ITEM_BYTES = 100
	SYSTEM_GB = 8
}

FILENAME != ARGV[1] {
	if ($2 ~ /^(measured|machine|disk)$/)
		about[++n_about] = substr($0, 3)
	else if ($1 == "#")
		figure[$2] = $3 + 0
	next
}

!/^#/ && NF {
	split($0, field, "\t")
	price[field[1]] = field[2]
	prices[++n_prices] = $0
}

END {
	n = split("marks_per_s changes_per_commit change_cpu_s lone_mark_s commit_s fresh_s read_cpu_s " \
		"counted_per_s derived_bytes log_bytes favorite_bytes cpus", need, " ")
	for (i = 1; i <= n; i++)
		if (!(figure[need[i]] > 0)) {
			print "plan: " need[i] " was not measured" >"/dev/stderr"
			exit 1
		}
	for (i = 1; i <= n_about; i++)
		print "# " about[i]
	for (i = 1; i <= n; i++)
		printf "# %s %.9g\n", need[i], figure[need[i]]

	rate = daily / 86400
	busy = rate * peak
	cpu = cpu_a_day(daily, reads)
	printf "\nhere, for %.0f changes and %.0f readings a day, the busiest hour with %g times the average:\n", \
		daily, reads, peak
	line("changes a second", sprintf("%.2f, busiest %.2f; 16 clients got %.0f (%.1f %%)", rate, busy, \
		figure["marks_per_s"], 100 * busy / figure["marks_per_s"]))
	line("commits a second", sprintf("%.2f, busiest %.2f; one takes %.2f ms", commits(rate), commits(busy), \
		figure["commit_s"] * 1e3))
	line("CPU a day", sprintf("%.1f s, %.3f %% of %d", cpu, 100 * cpu / 86400 / figure["cpus"], figure["cpus"]))
	line("CPU in the busiest hour", sprintf("%.3f %% of one", 100 * peak * cpu / 86400))
	line("disk, for good", sprintf("%s a day, %s a year (%.0f bytes each)", size(grown(daily, 1)), \
		size(grown(daily, YEAR)), bytes_a_change()))
	line("disk, log of " retention " h", sprintf("%s (%.0f bytes each)", size(log_size(daily)), figure["log_bytes"]))
	line("rankings behind, busiest", lag(busy) < 0 ? sprintf("without bounds: it counts %.0f a second", \
		figure["counted_per_s"]) : sprintf("%.1f ms", 1e3 * lag(busy)))
	if (busy > figure["marks_per_s"])
		line("*** TOO MUCH ***", "the busiest hour has more than 16 clients got")

	printf "\nthere, as a table with a stream and functions, dollars a month at the end of the first year:\n"
	dollars("writes", there_writes(daily), writes " units a change")
	dollars("reads", there_reads(reads), "half a unit each")
	dollars("storage", there_storage(daily), "")
	dollars("stream", price["streams_read"], "what Lambda reads costs nothing")
	dollars("functions", there_functions(daily), sprintf("%.0f calls", there_calls(daily)))
	dollars("together", there(daily, reads), "")

	printf "\na small server that always runs, dollars a month at the end of the first year:\n"
	dollars("server", 730 * price["server_hour"], "")
	dollars("disk", server_disk(daily), sprintf("%.0f GB of them for the system", SYSTEM_GB))
	dollars("together", server(daily), "")
	even = break_even(reads / daily)
	can = price["server_cpus"] / cpu_a_day(1, reads / daily) * 86400
	line("pays from", even ? sprintf("%.0f changes a day, with as many readings of each", even) : \
		"no load: its disk costs more than all of that")
	line("its CPUs are enough for", sprintf("%.0f changes a day, if they are like these", can))

	printf "\nprices (us-east-1):\n"
	for (i = 1; i <= n_prices; i++) {
		split(prices[i], field, "\t")
		printf "  %-22s %-12s %s\n%24s %s\n", field[1], field[2], field[3], "", field[4]
	}
}
