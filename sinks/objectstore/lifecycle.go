package objectstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"mailtrail/schemas/retention"
)

// rule is what a bucket's own expiry does below a prefix.
type rule struct {
	id, prefix string
	// days is after how many an object goes, uploads after how many an unfinished upload does; 0 for never.
	days, uploads int
	// strange is in words what the rule does besides, or does not do.
	strange string
}

// uploadDays is after how many days a store ends an unfinished upload by itself: the least that S3 knows.
const uploadDays = 1

// wantedRules are the rules that the schedule asks for, one a class. They
// count in whole days from the upload, rounded up to the next midnight UTC, so
// an object may outlive its limit under them: they free the space of what the
// sweeper left, and promise nothing.
func wantedRules(schedule *retention.Schedule) (rules []rule) {
	for _, row := range schedule.Rows() {
		if len(row.Buckets) > 0 {
			rules = append(rules, rule{id: "mailtrail-" + row.Class, prefix: row.Class + "/", days: row.BackstopDays(), uploads: uploadDays})
		}
	}
	return rules
}

// rules are those of a bucket now.
func (c *connection) rules(ctx context.Context, bucket string) (rules []rule, err error) {
	config, err := c.client.GetBucketLifecycle(ctx, bucket)
	switch {
	case code(err) == "NoSuchLifecycleConfiguration":
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the lifecycle rules: %w", err)
	}
	for i := range config.Rules {
		rules = append(rules, ruleOf(&config.Rules[i]))
	}
	return rules, nil
}

// ruleOf reads a rule as far as we have a use for it; what goes beyond is strange.
func ruleOf(r *lifecycle.Rule) rule {
	found := rule{
		id: r.ID, prefix: r.Prefix + r.RuleFilter.Prefix + r.RuleFilter.And.Prefix,
		days: int(r.Expiration.Days), uploads: int(r.AbortIncompleteMultipartUpload.DaysAfterInitiation),
	}
	var more []string
	for what, there := range map[string]bool{
		"it is not enabled":          r.Status != "Enabled",
		"it expires at a date":       !r.Expiration.IsDateNull(),
		"it moves objects elsewhere": !r.Transition.IsNull() || r.NoncurrentVersionTransition.StorageClass != "",
		"it is for some objects only": !r.RuleFilter.Tag.IsEmpty() || len(r.RuleFilter.And.Tags) > 0 || r.RuleFilter.ObjectSizeLessThan > 0 ||
			r.RuleFilter.ObjectSizeGreaterThan > 0 || r.RuleFilter.And.ObjectSizeLessThan > 0 || r.RuleFilter.And.ObjectSizeGreaterThan > 0,
	} {
		if there {
			more = append(more, what)
		}
	}
	slices.Sort(more)
	found.strange = strings.Join(more, ", ")
	return found
}

// putRules replaces all rules of the bucket.
func (s *Store) putRules(ctx context.Context, rules []rule) error {
	config := lifecycle.NewConfiguration()
	for _, r := range rules {
		config.Rules = append(config.Rules, lifecycle.Rule{
			ID: r.id, Status: "Enabled", RuleFilter: lifecycle.Filter{Prefix: r.prefix},
			Expiration:                     lifecycle.Expiration{Days: lifecycle.ExpirationDays(r.days)},
			AbortIncompleteMultipartUpload: lifecycle.AbortIncompleteMultipartUpload{DaysAfterInitiation: lifecycle.ExpirationDays(r.uploads)},
		})
	}
	if err := s.client.SetBucketLifecycle(ctx, s.cfg.Bucket, config); err != nil {
		return fmt.Errorf("set the lifecycle rules: %w", err)
	}
	return nil
}

// compareRules says in words what must change. keepsUploads tells that the
// store can end unfinished uploads by such a rule.
func compareRules(now, want []rule, keepsUploads bool) (changes []string) {
	for _, w := range want {
		i := slices.IndexFunc(now, func(r rule) bool { return r.id == w.id })
		if i < 0 {
			changes = append(changes, fmt.Sprintf("rule %s: made, what lies below %s goes after %s", w.id, w.prefix, inDays(w.days)))
			continue
		}
		have := now[i]
		if have.prefix != w.prefix {
			changes = append(changes, fmt.Sprintf("rule %s: prefix %q -> %q", w.id, have.prefix, w.prefix))
		}
		if have.days != w.days {
			changes = append(changes, fmt.Sprintf("rule %s: expiry %s -> %s", w.id, inDays(have.days), inDays(w.days)))
		}
		if keepsUploads && have.uploads != w.uploads {
			changes = append(changes, fmt.Sprintf("rule %s: unfinished uploads %s -> %s", w.id, inDays(have.uploads), inDays(w.uploads)))
		}
		if have.strange != "" {
			changes = append(changes, fmt.Sprintf("rule %s: made anew, since %s", w.id, have.strange))
		}
	}
	for _, have := range now {
		if !slices.ContainsFunc(want, func(w rule) bool { return w.id == have.id }) {
			changes = append(changes, fmt.Sprintf("rule %s: removed, the schedule does not have it", have.id))
		}
	}
	return changes
}

func inDays(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
