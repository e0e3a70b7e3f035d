package mailpiece

import "math/bits"

// random is the generator splitmix64 (Steele, Lea, Flood, OOPSLA 2014), so that a seed makes the same picture with every version of Go.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n-1.
func (r *random) below(n int) int {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int(high)
}

// between returns a number from low to high.
func (r *random) between(low, high float64) float64 {
	return low + (high-low)*float64(r.next()>>11)/(1<<53)
}

func (r *random) chance(share float64) bool { return r.between(0, 1) < share }

func pick[T any](r *random, from []T) T { return from[r.below(len(from))] }
