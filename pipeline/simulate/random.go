package simulate

import "math/bits"

// golden is the step of splitmix64, 2^64 divided by the golden ratio.
const golden = 0x9e3779b97f4a7c15

// random is the generator splitmix64 (Steele, Lea, Flood, OOPSLA 2014). The
// standard library's own may change from version to version; the mail of a
// seed must not.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += golden
	return mix(r.state)
}

// below returns a number from 0 to n-1.
func (r *random) below(n int64) int64 {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int64(high)
}

// between returns a number from low to high-1.
func (r *random) between(low, high int64) int64 { return low + r.below(high-low) }

// chance is true in the given share of all calls.
func (r *random) chance(share float64) bool { return float64(r.next()>>11) < share*(1<<53) }

func pick[T any](r *random, from []T) T { return from[r.below(int64(len(from)))] }

// mix is the finisher of splitmix64: it scatters neighbouring numbers.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
