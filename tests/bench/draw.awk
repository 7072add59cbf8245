# With result.awk. Reads rounds as pairs.awk does; writes for gnuplot a picture of them into `file`: a bar for
# each peer with its median, its least and greatest as a line, peers of one case side by side.

BEGIN { FS = "\t" }

FNR == 1 { next }

{
	bar = $1 SUBSEP $3
	if (!(bar in n)) {
		# the cases in order, their peers in order
		if (!($1 in known))
			cases[++n_cases] = $1
		known[$1] = 1
		peers[$1, ++n_peers[$1]] = $3
		if (!($3 in colour))
			colour[$3] = ++n_colours
	}
	value[bar, ++n[bar]] = $4 + 0
}

# Underscores would lower the letter after them.
function plain(text) {
	gsub(/_/, "-", text)
	return text
}

END {
	print "set terminal svg size 760,420 dynamic background rgb 'white' font 'sans,12'"
	printf "set output '%s'\n", file
	printf "set title '%s: operations/s, median, least and greatest (seed %s, %s)'\n", bench, seed, commit
	print "set logscale y; set grid ytics; set key outside right top; set style fill solid 0.7"
	print "set boxwidth 0.8; set bars 0.6; set tics nomirror; set border 3"
	for (i = 1; i <= n_cases; i++) {
		c = cases[i]
		tics = tics sprintf("%s\"%s\" %g", i > 1 ? ", " : "", plain(c), x + (n_peers[c] + 1) / 2)
		for (j = 1; j <= n_peers[c]; j++) {
			bar = c SUBSEP peers[c, j]
			for (k = 1; k <= n[bar]; k++)
				list[k] = value[bar, k]
			sort(list, n[bar])
			points[peers[c, j]] = points[peers[c, j]] sprintf("%g %g %g %g\n", ++x, \
				middle(list, n[bar]), list[1], list[n[bar]])
		}
		x++
	}
	printf "set xtics (%s)\nset xrange [0:%g]\n", tics, x
	for (peer in colour)
		ordered[colour[peer]] = peer
	for (i = 1; i <= n_colours; i++)
		printf "$p%d << EOD\n%sEOD\n", i, points[ordered[i]]
	for (i = 1; i <= n_colours; i++)
		plots = plots sprintf("%s$p%d using 1:2 with boxes lc %d title '%s', " \
			"$p%d using 1:2:3:4 with yerrorbars pt -1 lc rgb 'black' notitle", \
			i > 1 ? ", " : "", i, i, plain(ordered[i]), i)
	print "plot " plots
}
