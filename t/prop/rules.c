/*
 * Says what the core permits, for t/gateway_rules.t.  One case a line, divided
 * by tabs:
 *
 *     account|user  RULE  METHOD  PATH
 *
 * The answer is 1 or 0, a space and the endpoint's template, or "-" if it is
 * none; or "!" and why the rule or the path is none.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zoom_rule.h"


#define FIELDS  4


static void
answer(char *const *f)
{
    zoom_path_t   path;
    zoom_rule_t   rule;
    const char   *why;
    zoom_asked_t  asked;

    why = zoom_rule_read(&rule, zoom_str_c(f[1]));

    if (why == NULL) {
        why = zoom_path_read(&path, zoom_str_c(f[3]));
    }

    if (why) {
        printf("! %s\n", why);
        return;
    }

    asked.whose = strcmp(f[0], "user") ? ZOOM_OF_ACCOUNT : ZOOM_OF_USER;
    asked.method = zoom_method(zoom_str_c(f[2]));

    if (asked.method == ZOOM_NMETHODS) {
        abort();
    }

    asked.path = &path;
    asked.endpoint = zoom_endpoint_find(asked.method, &path);

    printf("%d %s\n", zoom_rule_permits(&rule, &asked),
           asked.endpoint ? asked.endpoint->path : "-");
}


int
main(void)
{
    char    line[8192], *p, *f[FIELDS];
    size_t  n;

    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        p = line;

        for (n = 0; n < FIELDS && p; n++) {
            f[n] = p;
            p = strchr(p, '\t');

            if (p) {
                *p++ = '\0';
            }
        }

        if (n != FIELDS) {
            abort();
        }

        answer(f);
    }

    return 0;
}
