/*
 * Says what the core makes of signatures, for t/auth_prop.t.  One case a line, its
 * fields in hexadecimal:
 *
 *     a SECRET BODY SIGNATURE                     Attendee's
 *     w SECRET ID TIMESTAMP SIGNATURES BODY       a webhook, now = TIMESTAMP
 *
 * The answer is 1 or 0, or "-" and why it was refused before that; Attendee's
 * is followed by the canonical form.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zoom_attendee.h"
#include "zoom_stdwebhooks.h"


#define FIELDS  6


static zoom_json_doc_t  doc;


/* In place; a copy of its own shows reads past the end to a sanitizer. */

static zoom_str_t
field(const char *hex)
{
    size_t          i;
    zoom_str_t      s;
    unsigned char  *p;

    s.len = strlen(hex) / 2;
    p = malloc(s.len);

    if (p == NULL && s.len) {
        abort();
    }

    for (i = 0; i < s.len; i++) {
        p[i] = (unsigned char) (zoom_hex((unsigned char) hex[2 * i]) << 4
                                | zoom_hex((unsigned char) hex[2 * i + 1]));
    }

    s.data = p;

    return s;
}


static void
attendee(const zoom_str_t *f)
{
    size_t          i;
    zoom_buf_t      b;
    const char     *why;
    zoom_hmac_t     key;
    unsigned char  *text;

    why = zoom_hmac_secret(&key, f[0]);

    if (why == NULL) {
        why = zoom_json_scan(&doc, f[1]);
    }

    if (why) {
        printf("- %s\n", why);
        return;
    }

    text = malloc(f[1].len);

    if (text == NULL) {
        abort();
    }

    zoom_buf_init(&b, text, f[1].len);
    printf("%d ", zoom_attendee_verify(&key, &doc, f[2], &b));

    zoom_json_canonical(&b, &doc);

    for (i = 0; i < b.len; i++) {
        printf("%02x", b.data[i]);
    }

    puts(b.overflow ? " overflow" : "");
    free(text);
}


static void
webhook(const zoom_str_t *f)
{
    int64_t             now, at;
    zoom_buf_t          b;
    const char         *why;
    zoom_hmac_t         key;
    unsigned char      *text;
    zoom_stdwebhooks_t  sent;

    sent.id = f[1];
    sent.timestamp = f[2];
    sent.signature = f[3];

    /* the time that was sent, as far as it is one */

    for (now = 0, at = 0; (size_t) at < f[2].len && at < 12; at++) {
        now = now * 10 + (f[2].data[at] - '0');
    }

    why = zoom_stdwebhooks_key(&key, f[0]);

    if (why == NULL) {
        why = zoom_stdwebhooks_check(&sent, now, &at);
    }

    if (why) {
        printf("- %s\n", why);
        return;
    }

    text = malloc(f[1].len + f[2].len + f[4].len + 2);

    if (text == NULL) {
        abort();
    }

    zoom_buf_init(&b, text, f[1].len + f[2].len + f[4].len + 2);
    printf("%d\n", zoom_stdwebhooks_verify(&key, &sent, f[4], &b));
    free(text);
}


int
main(void)
{
    char        *line, *rest, *p;
    size_t       size, n, i;
    zoom_str_t   fields[FIELDS];

    line = NULL;
    size = 0;

    while (getline(&line, &size, stdin) > 0) {

        line[strcspn(line, "\n")] = '\0';
        rest = line + 1;
        n = 0;

        while ((p = strsep(&rest, " ")) != NULL && n < FIELDS) {
            if (p != line + 1) {
                fields[n++] = field(p);
            }
        }

        if (line[0] == 'a' && n == 3) {
            attendee(fields);

        } else if (line[0] == 'w' && n == 5) {
            webhook(fields);

        } else {
            puts("? no case");
        }

        for (i = 0; i < n; i++) {
            free((void *) fields[i].data);
        }
    }

    free(line);

    return 0;
}
