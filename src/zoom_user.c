/* The Zoom user a token is minted for. */

#include <string.h>

#include "zoom_glob.h"
#include "zoom_user.h"


static int zoom_user_is_id(zoom_str_t user);
static int zoom_user_is_email(zoom_str_t user);


zoom_user_e
zoom_user_check(zoom_str_t user)
{
    static const zoom_str_t  me = zoom_str("me");

    if (user.len == 0) {
        return ZOOM_USER_EMPTY;
    }

    if (user.len > ZOOM_USER_MAX) {
        return ZOOM_USER_INVALID;
    }

    if (zoom_user_is_email(user)) {
        return ZOOM_USER_EMAIL;
    }

    if (zoom_user_is_id(user) && !zoom_str_caseeq(user, me)) {
        return ZOOM_USER_ID;
    }

    return ZOOM_USER_INVALID;
}


void
zoom_user_fold(zoom_buf_t *b, zoom_str_t user)
{
    size_t  i, start;

    start = b->len;

    zoom_buf_str(b, user);

    /* no id has one */

    if (user.len == 0 || memchr(user.data, '@', user.len) == NULL) {
        return;
    }

    for (i = start; i < b->len; i++) {
        b->data[i] = zoom_lower(b->data[i]);
    }
}


int
zoom_user_match(zoom_str_t pattern, zoom_str_t user)
{
    return zoom_glob(pattern, user, zoom_user_is_email(user));
}


static int
zoom_user_is_id(zoom_str_t user)
{
    size_t         i;
    unsigned char  c;

    if (user.len == 0 || user.len > ZOOM_USER_ID_MAX) {
        return 0;
    }

    for (i = 0; i < user.len; i++) {
        c = zoom_lower(user.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && c != '_' && c != '-')
        {
            return 0;
        }
    }

    return 1;
}


static int
zoom_user_is_email(zoom_str_t user)
{
    size_t         i, at, n;
    unsigned char  c;

    if (user.len > ZOOM_USER_MAX) {
        return 0;
    }

    at = 0;
    n = 0;

    for (i = 0; i < user.len; i++) {
        c = user.data[i];

        if (c <= 0x20 || c >= 0x7f
            || c == '/' || c == '?' || c == '#' || c == '%')
        {
            return 0;
        }

        if (c == '@') {
            at = i;
            n++;
        }
    }

    return n == 1 && at > 0 && at < user.len - 1;
}
