/* The content of a secret value. */

#include "zoom_secret.h"


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
