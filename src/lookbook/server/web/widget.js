/* Opens the assistant in a panel of a shop's page; docs/page.md has the attributes. */
"todo";
