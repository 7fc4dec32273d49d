/* The content of a secret value. */

#include "zoom_secret.h"


#define ZOOM_SECRET_EXTENSION_MAX  10


static int zoom_secret_starts(zoom_str_t s, const char *with);
static int zoom_secret_named(zoom_str_t value);
static int zoom_secret_blanks(zoom_str_t value, int words);
static int zoom_secret_extension(zoom_str_t value);
static int zoom_secret_alpha(unsigned char c);
static int zoom_secret_alnum(unsigned char c);


const char *
zoom_secret_value(zoom_str_t raw, zoom_str_t *value)
{
    size_t  i;

    while (raw.len
           && (raw.data[raw.len - 1] == '\n' || raw.data[raw.len - 1] == '\r'))
    {
        raw.len--;
    }

    if (raw.len == 0) {
        return "is empty";
    }

    for (i = 0; i < raw.len; i++) {
        if (raw.data[i] < 0x20 || raw.data[i] == 0x7f) {
            return "contains a control character";
        }
    }

    *value = raw;

    return NULL;
}


const char *
zoom_secret_stored(zoom_str_t value, int words)
{
    unsigned char  first, last;

    if (value.len == 0) {
        return NULL;
    }

    first = value.data[0];
    last = value.data[value.len - 1];

    if (zoom_secret_starts(value, "\xef\xbb\xbf")) {
        return "is behind a byte order mark";
    }

    if (first == '"' || first == '\'' || last == '"' || last == '\'') {
        return "is in quotes";
    }

    if (zoom_secret_named(value)) {
        return "is behind a name and \"=\"";
    }

    return zoom_secret_blanks(value, words) ? "has a blank" : NULL;
}


static int
zoom_secret_starts(zoom_str_t s, const char *with)
{
    size_t  len;

    len = strlen(with);

    return s.len >= len && memcmp(s.data, with, len) == 0;
}


static int
zoom_secret_named(zoom_str_t value)
{
    size_t  i;

    if (!zoom_secret_alpha(value.data[0])) {
        return 0;
    }

    for (i = 1; i < value.len && zoom_secret_alnum(value.data[i]); i++) {
        /* void */
    }

    return i + 1 < value.len && value.data[i] == '='
           && value.data[i + 1] != '=';
}


static int
zoom_secret_blanks(zoom_str_t value, int words)
{
    size_t  i;

    for (i = 0; i < value.len; i++) {

        if (value.data[i] != ' ') {
            continue;
        }

        if (!words || i == 0 || i + 1 == value.len
            || value.data[i + 1] == ' ')
        {
            return 1;
        }
    }

    return 0;
}


const char *
zoom_secret_place(zoom_str_t value)
{
    if (zoom_secret_starts(value, "/") || zoom_secret_starts(value, "./")
        || zoom_secret_starts(value, "../") || zoom_secret_starts(value, "~/")
        || zoom_secret_extension(value))
    {
        return "file:";
    }

    if (value.len > 1 && value.data[0] == '$'
        && (value.data[1] == '{' || zoom_secret_alpha(value.data[1])))
    {
        return "env:";
    }

    return NULL;
}


/* base64 has no dot */

static int
zoom_secret_extension(zoom_str_t value)
{
    size_t  i, len;

    for (i = value.len; i && zoom_secret_alnum(value.data[i - 1]); i--) {
        /* void */
    }

    len = value.len - i;

    if (i == 0 || value.data[i - 1] != '.' || len == 0
        || len > ZOOM_SECRET_EXTENSION_MAX)
    {
        return 0;
    }

    return memchr(value.data, '/', i) != NULL;
}


static int
zoom_secret_alpha(unsigned char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}


static int
zoom_secret_alnum(unsigned char c)
{
    return zoom_secret_alpha(c) || (c >= '0' && c <= '9');
}
