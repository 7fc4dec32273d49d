/* A meeting link of a stranger's: its id, and what a log may show of it. */

#include <stdlib.h>

#include "zoom_meeting.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static int
fuzz_letter(unsigned char c)
{
    c = zoom_lower(c);

    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}


/* Behind the host there is nothing but our own words and the meeting's id. */

static void
fuzz_words(zoom_str_t masked, zoom_str_t id)
{
    size_t      i;
    zoom_str_t  word;

    static const char *const  words[] = {
        "j", "s", "w", "wc", "join", "start", "my", "meeting", "register",
        "webinar", "launch", "jc", "ev", "rec", "share", "play", "confno",
        "tk", "pwd", "password", "passcode", NULL
    };

    for (i = 0; i + 1 < masked.len; i++) {
        if (masked.data[i] == '/' && masked.data[i + 1] == '/') {
            zoom_link_cut(&masked, i + 2);
            break;
        }
    }

    (void) zoom_link_until(&masked, "/?*");

    while (masked.len) {

        if (!fuzz_letter(masked.data[0])) {

            if (!zoom_one_of(masked.data[0], "/?&=* ")) {
                abort();
            }

            zoom_link_cut(&masked, 1);
            continue;
        }

        word.data = masked.data;

        while (masked.len && fuzz_letter(masked.data[0])) {
            zoom_link_cut(&masked, 1);
        }

        word.len = (size_t) (masked.data - word.data);

        for (i = 0; words[i]; i++) {
            if (zoom_str_eq(word, zoom_str_c(words[i]))) {
                break;
            }
        }

        if (words[i] == NULL && !zoom_str_eq(word, id)) {
            abort();
        }
    }
}


static void
fuzz_mask(zoom_str_t link, zoom_str_t id)
{
    size_t          size;
    zoom_buf_t      b;
    unsigned char  *masked;

    size = zoom_meeting_mask_size(link.len);
    masked = malloc(size);

    if (masked == NULL) {
        abort();
    }

    zoom_buf_init(&b, masked, size);
    zoom_meeting_mask(&b, link);

    if (b.overflow) {
        abort();
    }

    fuzz_words((zoom_str_t) { b.data, b.len }, id);

    free(masked);
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    int             rc;
    size_t          i;
    zoom_buf_t      b, b2;
    zoom_str_t      link, id;
    unsigned char  *rest, digits[ZOOM_MEETING_ID_MAX];
    zoom_meeting_t  m;

    link.data = data;
    link.len = size;

    zoom_buf_init(&b2, digits, sizeof(digits));

    rc = zoom_meeting_id(link, &b2);

    id.data = b2.data;
    id.len = b2.len;

    if (b2.overflow || (rc == 0) != zoom_meeting_is_id(id)) {
        abort();
    }

    rest = malloc(size + 1);

    if (rest == NULL) {
        abort();
    }

    zoom_buf_init(&b, rest, size);

    if (zoom_meeting_read(&m, link, &b) != rc || b.overflow
        || (rc == 0 && !zoom_str_eq(m.id, id)))
    {
        abort();
    }

    for (i = 0; i < b.len; i++) {
        if (!fuzz_letter(b.data[i]) && !zoom_one_of(b.data[i], "._-")) {
            abort();
        }
    }

    free(rest);

    fuzz_mask(link, id);

    return 0;
}
