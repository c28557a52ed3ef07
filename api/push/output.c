#include "api/push/output.h"

#include "common/err.h"

#include <event2/buffer.h>
#include <string.h>

void output_add(struct evbuffer *out, const void *data, size_t len)
{
	const char *p = data;
	struct evbuffer_iovec room[2];	/* what is left of the last chunk, and a new one */
	int n;

	if (len == 0)
		return;
	n = evbuffer_reserve_space(out, (ev_ssize_t)len, room, 2);
	ASSERT(n > 0);
	for (int i = 0; i < n; i++) {
		if (room[i].iov_len > len)
			room[i].iov_len = len;
		memcpy(room[i].iov_base, p, room[i].iov_len);
		p += room[i].iov_len;
		len -= room[i].iov_len;
	}
	ASSERT(len == 0 && evbuffer_commit_space(out, room, n) == 0);
}
