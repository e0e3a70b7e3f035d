package picture

import "math"

// fitCubic returns the polynomial of degree 3 in u = 2 i/(bars-1) - 1 that is nearest to the places of those hits that are taken.
func fitCubic(hits []hit, bars int, taken func(hit) bool) (curve [4]float64) {
	var rows [4][5]float64
	for _, h := range hits {
		if !taken(h) {
			continue
		}
		u := 2*float64(h.index)/float64(bars-1) - 1
		powers := [4]float64{1, u, u * u, u * u * u}
		for i, p := range powers {
			for j, q := range powers {
				rows[i][j] += p * q
			}
			rows[i][4] += p * h.at
		}
	}
	return solve(&rows)
}

// solve solves four linear equations by elimination; zeros where they have no single solution.
func solve(rows *[4][5]float64) (x [4]float64) {
	for i := range rows {
		most := i
		for j := i + 1; j < 4; j++ {
			if math.Abs(rows[j][i]) > math.Abs(rows[most][i]) {
				most = j
			}
		}
		rows[i], rows[most] = rows[most], rows[i]
		if math.Abs(rows[i][i]) < 1e-9 {
			return [4]float64{}
		}
		for j := range rows {
			if j == i {
				continue
			}
			share := rows[j][i] / rows[i][i]
			for k := i; k < 5; k++ {
				rows[j][k] -= share * rows[i][k]
			}
		}
	}
	for i := range x {
		x[i] = rows[i][4] / rows[i][i]
	}
	return x
}
