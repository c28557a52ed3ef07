#include "api/view/uptime.h"

#include <stdio.h>

const char *uptime_text(int64_t seconds, char buf[UPTIME_TEXT_MAX])
{
	long long s = seconds > 0 ? seconds : 0;
	long long d = s / 86400, h = s / 3600 % 24, m = s / 60 % 60;

	s %= 60;
	if (d)
		snprintf(buf, UPTIME_TEXT_MAX, "%lldd %lldh %lldm %llds", d, h, m, s);
	else if (h)
		snprintf(buf, UPTIME_TEXT_MAX, "%lldh %lldm %llds", h, m, s);
	else if (m)
		snprintf(buf, UPTIME_TEXT_MAX, "%lldm %llds", m, s);
	else
		snprintf(buf, UPTIME_TEXT_MAX, "%llds", s);
	return buf;
}
