/* A meeting link of a stranger's: its id, and what a log may show of it. */

#include <stdlib.h>

#include "zoom_meeting.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    size_t          i;
    zoom_buf_t      b;
    zoom_str_t      link, id;
    unsigned char  *masked, *rest;
    zoom_meeting_t  m;

    link.data = data;
    link.len = size;

    if (zoom_meeting_id(link, &id) == 0) {

        if (id.data < data || id.data + id.len > data + size || id.len < 9
            || id.len > 11)
        {
            abort();
        }

        for (i = 0; i < id.len; i++) {
            if (id.data[i] < '0' || id.data[i] > '9') {
                abort();
            }
        }
    }

    masked = malloc(size * 2 + 1);
    rest = malloc(size + 1);

    if (masked == NULL || rest == NULL) {
        abort();
    }

    zoom_buf_init(&b, rest, size);

    if ((zoom_meeting_read(&m, link, &b) == 0)
        != (zoom_meeting_id(link, &id) == 0)
        || b.overflow)
    {
        abort();
    }

    for (i = 0; i < b.len; i++) {
        if (b.data[i] <= 0x20 || b.data[i] >= 0x7f) {
            abort();
        }
    }

    free(rest);

    zoom_buf_init(&b, masked, size * 2);
    zoom_meeting_mask(&b, link);

    if (b.overflow) {
        abort();
    }

    for (i = 0; i < b.len; i++) {
        if (b.data[i] < 0x20 || b.data[i] == 0x7f) {
            abort();
        }
    }

    free(masked);

    return 0;
}
