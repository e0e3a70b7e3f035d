package retention

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sourceRule is a rule of one of the four sources, under our name of it: the
// system (or web, the privacy policy of usps.com as of 2013-12-26), the
// paragraph under "Retention and Disposal", and a letter for each kind of
// record in it. words are the source's own about the limit, clock what starts
// it as we read it. limit is theirs, or, of a term of the calendar whose records
// lie in a table, its shortest number of days.
type sourceRule struct {
	name, limit string
	bound       Bound
	clock       Clock
	words       string
}

// sourceRules are all of them. A rule of the sources that is not here is not kept.
var sourceRules = []sourceRule{
	{"820.200-1", "30d", Ceiling, Capture, "retained for up to 30 days"},
	{"820.200-2a", "1y", Ceiling, Capture, "retained for up to 1 year"},
	{"820.200-2b", "1y", Ceiling, Capture, "retained for up to 1 year"},
	{"820.200-2c", "1y", Ceiling, Capture, "retained for up to 1 year"},
	{"820.200-3a", "730d", Term, Capture, "are retained 2 years"},
	{"820.200-3b", "730d", Term, Capture, "are retained 2 years"},
	{"820.200-4", "2y", Ceiling, Capture, "retained up to 2 years"},
	{"820.200-5", "3d", Ceiling, Capture, "will be retained up to 3 days"},
	{"820.200-6a", "4y", Term, RelationshipEnd, "retained 4 years after the relationship ends"},
	{"820.200-6b", "75d", Term, Capture, "retained 4 years after the relationship ends"},
	{"820.200-7a", "30d", Ceiling, Capture, "up to 30 days for mail"},
	{"820.200-7b", "90d", Ceiling, Capture, "up to 90 days for packages and special services"},
	{"820.200-7c", "90d", Ceiling, Capture, "up to 90 days for packages and special services"},
	{"500.000-1a", "0s", Ceiling, AccessTerminated, "until termination of access or accountability"},
	{"500.000-1b", "0s", Ceiling, AccountabilityEnded, "until termination of access or accountability"},
	{"500.000-2", "1y", Term, AuthorizationsCancelled, "retained 1 year after all authorizations are cancelled"},
	{"500.000-3", "730d", Term, Capture, "twenty-four months"},
	{"500.000-4", "730d", Term, Capture, "twenty-four months"},
	{"500.000-5", "730d", Term, Capture, "twenty-four months"},
	{"500.000-6a", "2190d", Term, Capture, "retained 6 years"},
	{"500.000-6b", "2190d", Term, Capture, "retained 6 years"},
	{"890.000-1a", "0s", Ceiling, ParticipationEnd, "until the customer ceases to participate"},
	{"890.000-1b", "0s", Ceiling, ParticipationEnd, "until the customer ceases to participate"},
	{"890.000-2a", "2y", Ceiling, Capture, "retained up to 2 years"},
	{"890.000-2b", "1825d", Term, Capture, "retained 5 years"},
	{"890.000-3", "3y", Term, RelationshipEnd, "retained 3 years after the relationship ends"},
	{"890.000-4", "730d", Term, Capture, "twenty-four months"},
	{"890.000-5", "730d", Term, Capture, "twenty-four months"},
	{"890.000-6", "730d", Term, Capture, "twenty-four months"},
	{"890.000-7a", "1095d", Term, Capture, "will be retained for 3 years"},
	{"890.000-7b", "1095d", Term, Capture, "will be retained for 3 years"},
	{"890.000-7c", "1095d", Term, Capture, "will be retained for 3 years"},
	{"web-1", "0s", Ceiling, BrowserClosed, "erased once you close all browsers"},
	{"web-2", "30d", Ceiling, LastVisit, "will expire 30 days after your last visit"},
	{"web-3", "15m", Ceiling, LastActivity, "no activity for 15 minutes"},
	{"web-4", "15m", Ceiling, LastActivity, "removed within 15 minutes from your last activity"},
	{"web-5", "1y", Ceiling, LastVisit, "will expire one year from your last visit"},
	{"web-6", "5y", Ceiling, CookieSet, "persist for no more than five years"},
	{"web-7", "0s", Ceiling, Receipt, "no data are retained"},
	{"web-8", "30d", Ceiling, Receipt, "no period is given"},
	{"web-9", "0s", Ceiling, Reply, "one-time reply only"},
	{"web-10", "30d", Ceiling, Receipt, "no period is given"},
	{"web-11", "30d", Ceiling, Receipt, "no period is given"},
}

// disposalRules say what becomes of a medium.
var disposalRules = []string{"820.200-8", "820.200-9", "500.000-7", "890.000-8"}

func TestEveryRuleOfTheSourcesHasItsRow(t *testing.T) {
	s := Builtin()
	rows := map[string]Row{}
	for _, row := range s.Classes {
		rows[row.Rule] = row
	}
	require.Len(t, rows, len(sourceRules), "a row for each rule and none besides")
	for _, rule := range sourceRules {
		row, found := rows[rule.name]
		require.True(t, found, "rule %s has no row", rule.name)
		require.Equal(t, rule.limit, row.Limit.String(), rule.name)
		require.Equal(t, rule.bound, row.Bound, rule.name)
		require.Equal(t, rule.clock, row.Clock, rule.name)
		require.Contains(t, row.Citation, rule.words, rule.name)
		system, paragraph, _ := strings.Cut(rule.name, "-")
		if system == "web" {
			require.Equal(t, "usps.com privacy policy", row.System, rule.name)
			continue
		}
		require.Contains(t, row.System, "USPS "+system, rule.name)
		require.Contains(t, row.Citation, "USPS "+system+", Retention and Disposal "+strings.TrimRight(paragraph, "abc")+":", rule.name)
		upTo := strings.Contains(rule.words, "up to") || strings.HasPrefix(rule.words, "until")
		require.Equal(t, upTo, row.Bound == Ceiling, "%s: up to and until are ceilings, all else is a term", rule.name)
	}
	var disposal []string
	for _, d := range s.Disposal {
		disposal = append(disposal, d.Rule)
	}
	require.Equal(t, disposalRules, disposal)
}

// What the sources leave open is decided in writing.
func TestOpenPointsAreDecided(t *testing.T) {
	s := Builtin()
	for class, words := range map[string]string{
		MailTracking: "shortest ceiling", SpecialServiceTracking: "2 years", "confirm": "mail_tracking", "confirmation_services": "tracking record",
		"mail_customer": "nothing was recorded of it for 2 years", "marketing_customer": "nothing was recorded of it for 2 years",
		"computer_access": "last authorization", "persistent_cookie_data": "No period is given", "web_logs": "No period is given",
		"web_referrals": "No period is given", "surveys": "categories 9 and 17", "marketing_recordings": "twice",
	} {
		require.Contains(t, s.Row(class).Decision, words, class)
	}
	for _, row := range s.Classes {
		if row.Clock == RelationshipEnd || row.Clock == ParticipationEnd {
			require.Equal(t, "2y", row.Idle.String(), "%s: without an idle limit a record whose end nobody records lives for ever", row.Class)
		}
	}
}

func TestWhatFlowsHasAPlaceAndWhatDoesNotIsRefused(t *testing.T) {
	s := Builtin()
	var flows []string
	for _, row := range s.Rows() {
		if row.Flows() {
			flows = append(flows, row.Class)
			require.NotEmpty(t, row.Places(), row.Class)
		}
	}
	require.Equal(t, []string{
		MailTracking, PackageTracking, SpecialServiceTracking, MailpieceImages, Confirm, "epubwatch", "confirmation_services", "hold_mail", "special_services", "drop_ship", "mail_ach", "mail_documentation",
		"property_meeting_data", "property_collaboration", "property_recordings", "carpool", "parking",
		"marketing_ach", "direct_marketing", "marketing_meeting_data", "marketing_collaboration", "marketing_recordings", "customer_insight", "market_research", "surveys",
		"persistent_cookie_data", "web_logs", "web_referrals", Receipts, BatchIDs, ReplayIDs, Rejects, SystemLogs,
		"log_files", "work_files", "reference", "known_barcodes", "slot_keys", "ledger", "group_offsets", "transactions", "settings",
	}, flows)

	row, err := s.Admit(MailTracking)
	require.NoError(t, err)
	require.Equal(t, MailTracking, row.Class)
	for _, class := range []string{"mail_customer", "visit_cookies"} {
		_, err = s.Admit(class)
		require.ErrorContains(t, err, "has no store for them yet", class)
	}
	for _, class := range []string{"", "no_such_kind", "MAIL_TRACKING"} {
		_, err = s.Admit(class)
		require.ErrorContains(t, err, "has no row for them", class)
	}
}

func TestMailpieceImages(t *testing.T) {
	s := Builtin()
	row := s.Row(MailpieceImages)
	require.Equal(t, "3d 1h 12h", row.Limit.String()+" "+row.Slot.String()+" "+row.Behind.String())
	require.Equal(t, 2*day, s.TopicLife("mail.images"))
	require.True(t, row.Sealed && row.Flows())
	require.Equal(t, []Place{{Kafka, "mail.images"}, {ClickHouse, "images"}, {Objects, ImagesBucket}}, row.Places())
}

// Every base table and every topic of ours is in the schedule once, or once a class.
func TestPlacesOfOwnAreNotShared(t *testing.T) {
	s := Builtin()
	seen := map[Place]string{}
	for _, row := range s.Own {
		for _, place := range row.Places() {
			require.Empty(t, seen[place], "%v is of %s and of %s", place, seen[place], row.Class)
			seen[place] = row.Class
		}
	}
	for _, row := range s.Classes {
		for _, place := range row.Places() {
			require.Empty(t, seen[place], "%v holds records and is of %s", place, seen[place])
		}
	}
	require.True(t, slices.ContainsFunc(s.Own, func(r Row) bool { return r.Bound == NoLimit }))
}
