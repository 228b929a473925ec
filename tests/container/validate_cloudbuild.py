"""Load a Cloud Build file with gcloud's own parser; to be run by the Google Cloud SDK's bundled Python."""

import os
import sys

SDK = os.environ.get("CLOUDSDK_ROOT", "/usr/lib/google-cloud-sdk")
sys.path[:0] = [f"{SDK}/lib", f"{SDK}/lib/third_party"]

from googlecloudsdk.api_lib.cloudbuild import cloudbuild_util, config  # noqa: E402

# The call that `gcloud builds submit` makes before it needs a network; it raises on a key that it does not know.
build = config.LoadCloudbuildConfigFromPath(sys.argv[1], cloudbuild_util.GetMessagesModule(), params={})
print(len(build.steps))
