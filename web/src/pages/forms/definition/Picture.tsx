// The picture of a lifecycle, once it is there: it brings the library that draws graphs, and the words of it.
import { lazy, Suspense } from "react";
import { useWords } from "../../../i18n/words";
import { ListSkeleton } from "../../../lists/ListParts";
import type { LifecyclePictureProps } from "./LifecyclePicture";

const LifecyclePicture = lazy(() => import("./LifecyclePicture"));

export function Picture(props: LifecyclePictureProps) {
  const words = useWords().common;
  return (
    <Suspense fallback={<ListSkeleton label={words.loading} />}>
      <LifecyclePicture {...props} />
    </Suspense>
  );
}
