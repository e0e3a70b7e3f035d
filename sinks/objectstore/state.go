package objectstore

import (
	"context"
	"fmt"
	"net/http"
)

// State is how a bucket keeps what is deleted.
type State struct {
	// Versioning is empty for a bucket that never kept versions, else
	// "Enabled" or "Suspended"; the versions kept before stay when it is suspended.
	Versioning string
	// Locked says that object lock is on.
	Locked bool
	// Policy says that it has a policy, which lets in others than its owner. Only [Auditor.State] asks for it.
	Policy bool
}

func (c *connection) state(ctx context.Context, bucket string) (state State, err error) {
	versioning, err := c.client.GetBucketVersioning(ctx, bucket)
	if err != nil && !notSupported(err) {
		return state, fmt.Errorf("ask whether it keeps versions: %w", err)
	}
	state.Versioning = versioning.Status
	lock, _, _, _, err := c.client.GetObjectLockConfig(ctx, bucket)
	if err != nil && code(err) != "ObjectLockConfigurationNotFoundError" && !notSupported(err) {
		return state, fmt.Errorf("ask whether it locks objects: %w", err)
	}
	state.Locked = lock == "Enabled"
	return state, nil
}

// keepsUploadRules tells whether the store heeds rules on unfinished uploads.
// MinIO takes them and forgets them (internal/bucket/lifecycle/rule.go); its
// setting api stale_uploads_expiry does the same for the whole server.
func (c *connection) keepsUploadRules(ctx context.Context) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.client.EndpointURL().JoinPath("minio", "health", "live").String(), nil)
	if err != nil {
		return false, err
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	return response.StatusCode != http.StatusOK || response.Header.Get("Server") != "MinIO", nil
}
