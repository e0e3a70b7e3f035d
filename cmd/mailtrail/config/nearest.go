package config

import "strings"

// nearest is the known key that was most likely meant by path, which is none; "" when nothing is near.
// A neighbour in the same section wins over a key of the same name elsewhere.
func (t *table) nearest(path string) string {
	section, name := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		section, name = path[:i], path[i+1:]
	}
	name = strings.ToLower(name)
	best, bestDistance := "", tolerance(name)+1
	for _, sibling := range t.sections[section] {
		// A slip for password_file is most likely one in the word before the underscore.
		d := min(distance(name, sibling), distance(name, strings.TrimSuffix(sibling, "_file")))
		// `broker` is most likely a slip for brokers.
		if strings.HasPrefix(sibling, name) && len(name) >= 3 {
			d = 1
		}
		if d < bestDistance {
			best, bestDistance = join(section, sibling), d
		}
	}
	if best != "" {
		return best
	}
	for _, k := range t.keys {
		if lastName(k.path) == name {
			return k.path
		}
	}
	bestDistance = tolerance(path) + 1
	for _, k := range t.keys {
		if d := distance(strings.ToLower(path), k.path); d < bestDistance {
			best, bestDistance = k.path, d
		}
	}
	return best
}

// tolerance is how many slips a name of this length may hold and still be recognised.
func tolerance(name string) int { return max(1, min(3, len(name)/3)) }

// distance is the number of single-letter insertions, deletions and substitutions and of swapped neighbours
// between a and b (optimal string alignment). Names longer than any key are not measured.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	before, previous := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current := make([]int, len(b)+1)
		current[0] = i
		for j := 1; j <= len(b); j++ {
			substitution := previous[j-1]
			if a[i-1] != b[j-1] {
				substitution++
			}
			current[j] = min(previous[j]+1, current[j-1]+1, substitution)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(b)]
}
